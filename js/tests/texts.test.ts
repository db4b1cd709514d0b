// @vitest-environment happy-dom
// Each text is there in each language, and none is written into the markup. That each is asked
// for, by the page or by Python, tests/test_texts.py proves.
/// <reference types="node" />
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vite";
import { afterEach, describe, expect, test } from "vitest";
import { ago, duration } from "../src/format";
import { LANGUAGES, language, speak, t, tn, told, word } from "../src/texts";
import ko from "../../artnb/texts/ko.json";

const SOURCES = join(import.meta.dirname, "../src");
/** Components that take a `Text`, which tsc checks, and translate it themselves. */
const TRANSLATES = ["LevelButton", "Prose"];
/** Attributes that a person reads or hears. */
const SAID = ["aria-label", "title", "placeholder", "alt", "none", "label", "name"];

afterEach(() => speak("en"));

type Node = { type: string; start: number; end: number; [other: string]: any };
const files = (readdirSync(SOURCES, { recursive: true }) as string[]).filter((name) => /\.tsx?$/.test(name) && !name.startsWith("texts"));
const parsed = files.map((name) => {
  const text = readFileSync(join(SOURCES, name), "utf8");
  return { name, text, body: (parseAst(text, { lang: name.endsWith("x") ? "tsx" : "ts" }) as unknown as Node).body as Node[] };
});

function* walk(node: unknown): Generator<Node> {
  if (Array.isArray(node)) for (const each of node) yield* walk(each);
  else if (node && typeof node === "object" && "type" in node) {
    yield node as Node;
    for (const [key, value] of Object.entries(node)) if (key !== "type") yield* walk(value);
  }
}

/** Where a file says something to a person in a language of its own. */
function literals({ name, text, body }: (typeof parsed)[number]): string[] {
  const found: string[] = [];
  const add = (node: Node) => found.push(`${name}:${text.slice(0, node.start).split("\n").length}: ${text.slice(node.start, node.end).trim()}`);
  for (const node of walk(body)) {
    const isCode = /<code[^>]*>$/.test(text.slice(0, node.start)); // the same in every language
    if (node.type === "JSXText" && /\p{L}/u.test(node.value) && !isCode) add(node);
    if (node.type !== "JSXOpeningElement" || TRANSLATES.includes(node.name.name)) continue;
    for (const attribute of node.attributes) {
      if (!SAID.includes(attribute.name?.name)) continue;
      const value = attribute.value?.type === "JSXExpressionContainer" ? attribute.value.expression : attribute.value;
      const words = value?.type === "Literal" ? value.value : value?.type === "TemplateLiteral" ? value.quasis.map((each: Node) => each.value.raw).join("") : "";
      if (/\p{L}/u.test(String(words))) add(attribute);
    }
  }
  return found;
}

describe("the texts", () => {
  test("no text is written into the markup", () => {
    expect(parsed.flatMap(literals)).toEqual([]);
  });

  test.each(Object.entries(ko))("%j has the same holes in Korean, and is Korean", (english, korean) => {
    const holes = (text: string) => [...text.matchAll(/\{\d\}/g)].map(String).sort();
    expect(holes(korean)).toEqual(holes(english));
    expect(korean).toMatch(/[가-힣]|^\{0\}/);
  });
});

describe("the language", () => {
  test.each([
    ["", ["ko-KR", "en-US"], "ko"],
    ["", ["de-DE", "ko"], "ko"],
    ["", ["en-GB", "ko"], "en"],
    ["", ["de-DE"], "en"],
    ["", [], "en"],
    ["ko", ["en-US"], "ko"],
    ["en", ["ko-KR"], "en"],
  ])("asked %j in a browser of %j is %s", (given, browser, spoken) => {
    speak(given, browser);
    expect(language.value).toBe(spoken);
    expect(LANGUAGES).toContain(spoken);
  });

  test("texts, counts, times and words follow it", () => {
    expect([t("Fold into {0}", "raw"), tn(1, "{0} step", "{0} steps"), tn(1200, "{0} step", "{0} steps"), word("failed"), word("<b>")]).toEqual([
      "Fold into raw", "1 step", "1,200 steps", "failed", "<b>",
    ]);
    speak("ko");
    expect([t("Fold into {0}", "raw"), tn(2, "{0} step", "{0} steps"), word("failed"), word("<b>"), word("constructor")]).toEqual([
      "raw(으)로 접기", "2단계", "실패", "<b>", "constructor",
    ]);
    expect([ago(0, 120), ago(0, 7200), duration(90)]).toEqual(["2분 전", "2시간 전", "1분 30초"]);
  });

  test("what Python says in English is said in the language, with what it is made of", () => {
    const nearest = { message: "did you mean 'a'?", template: "did you mean {0}?", values: ["'a'"] };
    const error = { message: "There is no project 'b'; did you mean 'a'?", template: "There is no project {0}; {1}", values: ["'b'", nearest] };
    expect([told(error), told("as it is")]).toEqual([error.message, "as it is"]);
    speak("ko");
    expect(told(error)).toBe("'b' 프로젝트가 없습니다. 혹시 'a'을(를) 찾으셨나요?");
    expect(told({ message: "of a newer Python", template: "of a newer {0}", values: ["Python"] })).toBe("of a newer Python");
    expect([told({ message: "plain" }), told("plain")]).toEqual(["plain", "plain"]);
    expect(told({ message: "m", template: "Fold into {0}", values: ["{1} $& {0}"] })).toBe("{1} $& {0}(으)로 접기");
  });

  test("what a value says is not looked into", () => {
    expect(t("Fold into {0}", "{1} $& {0}")).toBe("Fold into {1} $& {0}");
  });
});
