// Two versions compared by what an exported page holds: entries by digest, beginnings by line.
import { expect, test } from "vitest";
import { compareBeginnings, compareDetails, inOrder } from "../src/pagediff";
import type { FileDetails, Preview } from "../src/protocol";
import { versionDetails } from "./support";

const file = (path: string, digest: string, format = "file"): FileDetails => ({
  path, digest, format, size: digest.length, variable: null, ref: null, meta: {}, picture: false,
});
const text = (...lines: string[]): Preview => ({ kind: "text", text: lines.join("\n"), note: "" });
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}`);

test("the older version comes first, whichever was opened", () => {
  const [one, two] = [versionDetails({ created: 1 }), versionDetails({ node: "v:2", created: 2 })];
  expect(inOrder(two, one)).toEqual([one, two]);
  expect(inOrder(one, two)).toEqual([one, two]);
  const [nine, ten] = [versionDetails({ node: "v:9" }), versionDetails({ node: "v:10" })];
  expect(inOrder(ten, nine)).toEqual([nine, ten]);
});

test("files come, go, move and change, by their digests", () => {
  const old = versionDetails({ files: [file("a", "1"), file("b", "22"), file("c", "333"), file("d", "333"), file("e", "5"), file("f", "6")] });
  const now = versionDetails({ node: "v:2", version: "v1", files: [file("a", "1"), file("b", "7"), file("x", "333"), file("e", "5", "json"), file("y", "8")] });
  const found = compareDetails(old, now);
  expect(found.files).toEqual([
    { path: "b", state: "changed", was: null, size: 1 },
    { path: "c", state: "removed", was: null, size: 3 },
    { path: "e", state: "changed", was: null, size: 1 },
    { path: "f", state: "removed", was: null, size: 1 },
    { path: "x", state: "renamed", was: "d", size: 3 },
    { path: "y", state: "added", was: null, size: 1 },
  ]);
  expect([found.same, found.more, found.old.version, found.new.node]).toEqual([1, 0, "v0", "v:2"]);
});

test("of lists that are cut off nothing is said of what comes after the end of one", () => {
  const files = (...paths: string[]) => paths.map((path) => file(path, path));
  const old = versionDetails({ files: files("b", "c", "d"), filesMore: 5 });
  const now = versionDetails({ node: "v:2", files: files("a", "b", "c"), filesMore: 6 });
  const found = compareDetails(old, now);
  expect(found.files).toEqual([{ path: "a", state: "added", was: null, size: 1 }]);
  expect([found.same, found.more]).toEqual([2, 6]);
});

test("what is said of the versions differs, too", () => {
  const old = versionDetails({ metadata: { rows: 1, of: { a: 1 } }, description: "First" });
  const now = versionDetails({ metadata: { of: { a: 2 } }, type: "table", filesMore: 3 });
  const { facts, more } = compareDetails(old, now);
  expect(facts.map(({ what, before, after }) => [what, before, after])).toEqual([
    ["type", "dataset", "table"], ["description", "First", ""], ["of.a", "1", "2"], ["rows", "1", ""],
  ]);
  expect(more).toBe(3);
});

test("beginnings differ line by line, with what is around", () => {
  const found = compareBeginnings(text(...numbers(12)), text(...numbers(12).toSpliced(5, 1, "other", "more")), "");
  expect(found.lines).toEqual(["@ 4", " line 4", " line 5", "-line 6", "+other", "+more", " line 7", " line 8"]);
  expect(found.summary).toContain("2 lines added, 1 removed");
  const apart = compareBeginnings(text(...numbers(20)), text("first", ...numbers(20), "last"), "");
  expect(apart.lines).toEqual(["+first", " line 1", " line 2", "@ 20", " line 19", " line 20", "+last"]);
});

test("charts differ by the numbers that are drawn", () => {
  const chart = (more: object): Preview => ({ kind: "chart", text: "t", charts: [{ key: "k", x: [], y: [], labels: ["a"], ...more }] });
  const [heat, boxes] = [(n: number) => chart({ counts: [[1, n]] }), (n: number) => chart({ y: [3], boxes: [[n, 2, 3, 4, 5]] })];
  for (const of of [heat, boxes]) {
    expect(compareBeginnings(of(1), of(1), "").lines).toEqual([]);
    expect(compareBeginnings(of(1), of(2), "").lines.filter((line) => /^[+-]/.test(line))).toHaveLength(2);
  }
});

test.each([
  [["a"], []], [[], ["a"]], [["a", "b", "c"], ["c", "a", "b"]], [["a", "a"], ["a"]], [["x", "a", "y"], ["a", "z", "a"]],
])("the lines of %j become those of %j", (was, now) => {
  const { lines } = compareBeginnings(text("top", ...was, "end"), text("top", ...now, "end"), "");
  const kept = (mark: string) => lines.filter((line) => line[0] === " " || line[0] === mark).map((line) => line.slice(1));
  expect(kept("-")).toEqual(["top", ...was, "end"]);
  expect(kept("+")).toEqual(["top", ...now, "end"]);
});

test("what is too long to match line by line is shown as gone and come", () => {
  const [was, now] = [numbers(2500), numbers(2500).map((line) => `${line}!`)];
  const found = compareBeginnings(text(...was), text(...now), "");
  expect([found.lines.length, found.more]).toEqual([200, 4800]);
  expect(found.summary).toContain("2500 lines added, 2500 removed");
});

test("rows and values are compared as they are shown", () => {
  const rows = (facts: string, ...rows: string[][]): Preview => ({ kind: "rows", columns: ["city", "eur"], rows, facts, note: "" });
  expect(compareBeginnings(rows("2 columns", ["Oslo", "4"]), rows("2 columns", ["Oslo", "5"]), "").lines)
    .toEqual([" 2 columns", " city | eur", "-Oslo | 4", "+Oslo | 5"]);
  const value = (value: unknown): Preview => ({ kind: "json", value, note: "" });
  expect(compareBeginnings(value({ k: 1 }), value({ k: 2 }), "").lines).toEqual([" {", '- "k": 1', '+ "k": 2', " }"]);
});

test("beginnings that are the same do not say that the files are", () => {
  const found = compareBeginnings(text("a"), text("a"), "");
  expect([found.lines, found.summary, found.problem]).toEqual([[], "As far as this page holds them they are the same.", null]);
});

test.each<[string, Preview | undefined]>([
  ["left out", undefined], ["a picture", { kind: "image", format: "png", digest: "d" }], ["unreadable", { kind: "nothing", message: "a pickle" }],
])("what is %s is not compared, and it is said where it can be", (_, shown) => {
  expect(compareBeginnings(shown, text("a"), "Do this instead.").problem).toBe("Do this instead.");
  expect(compareBeginnings(text("a"), shown, "Do this instead.").problem).toBe("Do this instead.");
});
