// Python in colours, roughly: what a reader's eye looks for, in one pass.

export type Kind = "comment" | "string" | "keyword" | "number" | "";

const WORDS =
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield";
const TOKEN = new RegExp(
  [
    "(#[^\\n]*)",
    `(\\b[rRbBuUfFtT]{1,2}(?=["'])|)("""[^]*?(?:"""|(?![^]))|'''[^]*?(?:'''|(?![^]))|"(?:\\\\[^]|[^"\\\\\\n])*"?|'(?:\\\\[^]|[^'\\\\\\n])*'?)`,
    `\\b(${WORDS.replaceAll(" ", "|")})\\b`,
    "(\\b\\d[\\w.]*|^\\s*@[\\w.]+)",
  ].join("|"),
  "gm",
);
/** What is longer stays plain: no one reads it for its colours. */
const LONGEST = 60_000;

/** The pieces of a source in order; together they are the source. */
export function highlighted(source: string): [Kind, string][] {
  if (source.length > LONGEST) return [["", source]];
  const found: [Kind, string][] = [];
  let end = 0;
  for (const match of source.matchAll(TOKEN)) {
    const [text, comment, , string, keyword] = match;
    if (match.index > end) found.push(["", source.slice(end, match.index)]);
    found.push([comment ? "comment" : string ? "string" : keyword ? "keyword" : "number", text]);
    end = match.index + text.length;
  }
  if (end < source.length) found.push(["", source.slice(end)]);
  return found;
}
