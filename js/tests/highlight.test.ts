import { expect, test } from "vitest";
import { highlighted } from "../src/highlight";

const marked = (source: string) => highlighted(source).filter(([kind]) => kind).map(([kind, text]) => `${kind} ${text}`);

test("comments, strings, keywords, numbers and decorators are told apart", () => {
  expect(marked("@cache\ndef f(x):  # not 'this'\n    return f'a{x}' + r\"b\\\" c\" + 1.5e3")).toEqual([
    "number @cache", "keyword def", "comment # not 'this'", "keyword return", "string f'a{x}'", 'string r"b\\" c"', "number 1.5e3",
  ]);
});

test("a long string may hold lines, quotes and what looks like code", () => {
  expect(marked('"""one\n# "two" def\n"""; x = \'\'\'y\'\'\'')).toEqual(['string """one\n# "two" def\n"""', "string '''y'''"]);
});

test("a string that does not end ends with its line, a long one with the source", () => {
  expect(marked("x = 'open\nif y")).toEqual(["string 'open", "keyword if"]);
  expect(marked('x = """open\nif y')).toEqual(['string """open\nif y']);
});

test("words inside of words are none", () => {
  expect(marked("definition = format1 + is_in")).toEqual([]);
});

test.each(["", "%%artifact x --type \"a\"\nx = 1", "'\\", '"""', "x\u2028y # \u202e", "'".repeat(3001), '"""'.repeat(5001), "\\'".repeat(9000), "a".repeat(100_000), "0".repeat(50_000), "rb".repeat(20_000), " ".repeat(50_000) + "@"])("the pieces are the source, whatever it is (%#)", (source) => {
  expect(highlighted(source).map(([, text]) => text).join("")).toBe(source);
});
