// Markdown into plain nodes that a panel draws: no HTML is ever made of a person's text.

import { Lexer, type Token, type Tokens } from "marked";

export type Node =
  | string
  | { kind: "p" | "strong" | "em" | "del" | "blockquote" | "li"; of: Node[] }
  | { kind: "heading"; level: number; of: Node[] }
  | { kind: "code" | "block"; text: string }
  | { kind: "list"; start: number | null; of: Node[] }
  | { kind: "table"; head: Node[][]; rows: Node[][][] }
  | { kind: "link"; href: string; of: Node[] }
  | { kind: "box"; checked: boolean }
  | { kind: "br" | "hr" };

/** What is longer is shown as it was written: a parser need not be fast on what nobody reads. */
export const LONGEST = 20_000;
const DEEPEST = 12;

/** Characters that would turn what follows them around. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const straight = (text: string) => text.replace(TURNING, "\ufffd");

export function markdown(text: string): Node[] {
  const clean = straight(text);
  if (clean.length > LONGEST) return [{ kind: "block", text: clean }];
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(clean).flatMap((token) => read(token, 0));
  } catch {
    return [{ kind: "block", text: clean }]; // nested deeper than the parser can follow
  }
}

function read(token: Token, depth: number): Node[] {
  if (depth > DEEPEST) return [token.raw];
  const inside = (tokens: Token[] | undefined): Node[] => (tokens ?? []).flatMap((each) => read(each, depth + 1));
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "paragraph":
      return [{ kind: "p", of: inside(token.tokens) }];
    case "heading":
      return [{ kind: "heading", level: token.depth, of: inside(token.tokens) }];
    case "strong":
    case "em":
    case "del":
    case "blockquote":
      return [{ kind: token.type, of: inside(token.tokens) }];
    case "list":
      return [{ kind: "list", start: token.ordered ? Number(token.start) || 1 : null, of: (token as Tokens.List).items.flatMap((item) => read(item, depth + 1)) }];
    case "list_item":
      return [{ kind: "li", of: inside(token.tokens) }];
    case "checkbox":
      return [{ kind: "box", checked: Boolean(token.checked) }];
    case "code":
      return [{ kind: "block", text: token.text }];
    case "codespan":
      return [{ kind: "code", text: token.text }];
    case "table": {
      const { header, rows } = token as Tokens.Table;
      return [{ kind: "table", head: header.map((cell) => inside(cell.tokens)), rows: rows.map((row) => row.map((cell) => inside(cell.tokens))) }];
    }
    case "hr":
    case "br":
      return [{ kind: token.type }];
    case "link": {
      const href = safe(token.href);
      return href ? [{ kind: "link", href, of: inside(token.tokens) }] : [token.raw];
    }
    case "image": {
      // Never fetched: a picture elsewhere would tell its host who looks.
      const href = safe(token.href);
      return href ? [{ kind: "link", href, of: [token.text || href] }] : [token.raw];
    }
    case "text":
    case "escape":
      // Anew, for the parser reads entities by number, and one may be such a character.
      return "tokens" in token && token.tokens ? inside(token.tokens) : [straight(named(token.text))];
    default:
      return [token.raw]; // HTML, as it was written
  }
}

/** An address that a click may go to, or "". */
function safe(href: string): string {
  try {
    // Only what says where it goes: a relative one would lead into the host's own pages.
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

function named(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name) => NAMED[name]);
}
