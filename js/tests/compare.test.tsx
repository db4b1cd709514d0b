// @vitest-environment happy-dom
// Two versions compared: which files differ, and each one's content when it is opened.
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Comparison, FileComparison } from "../src/protocol";
import type { Backend } from "../src/rpc";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, later, pipeline, versionDetails } from "./support";

let page: Page;
let state: State;

const sibling = (node: string, version: string) => ({ node, version, aliases: [], created: 1, size: 1, state: "live" });
const ends = { old: { node: "v:1", version: "v0" }, new: { node: "v:2", version: "v1" } };
const compared = (more: Partial<Comparison> = {}): Comparison => ({ ...ends, facts: [], files: [], more: 0, same: 0, ...more });
const how = (more: Partial<FileComparison> = {}): FileComparison => ({ summary: "", changes: [], lines: [], more: 0, problem: null, ...more });
const changed = { path: "a.txt", state: "changed", was: null, size: 100 } as const;

async function begin(more: Partial<Backend>) {
  const details = versionDetails({ versions: [sibling("v:2", "v1"), sibling("v:1", "v0")] });
  state = new State(pipeline(), "instances", { ...answering(details), ...more });
  page = open(state);
  act(() => state.select("v:1"));
  await page.settle();
  await page.click("tab-versions");
}

/** Compare with the other version. */
async function compare(found: Comparison | Error, file: FileComparison | Error = how()) {
  const answer = <T,>(value: T | Error) => async () => {
    if (value instanceof Error) throw value;
    return value;
  };
  await begin({ compare: answer(found), compareFile: answer(file) });
  await page.click("compare");
  await page.settle();
  return page.get("compared");
}

beforeEach(() => void stubBrowser());
afterEach(() => page?.close());

test("each other version has a button, which opens and closes", async () => {
  const asked = vi.fn(async () => compared());
  await begin({ compare: asked });
  expect(page.all("compare").map((button) => button.dataset.node)).toEqual(["v:2"]);
  await page.click("compare");
  await page.settle();
  expect(asked).toHaveBeenCalledExactlyOnceWith("v:1", "v:2");
  expect(page.get("compare").getAttribute("aria-pressed")).toBe("true");
  expect(page.get("compared").textContent).toContain("The two hold the same.");
  await page.click("compared-close");
  expect(page.all("compared")).toEqual([]);
  await page.click("compare");
  await page.click("compare");
  expect(page.all("compared")).toEqual([]);
});

test("what is said of the versions, and each file with what became of it", async () => {
  const shown = await compare(
    compared({
      facts: [{ what: "rows", before: "1", after: "", note: "" }],
      files: [changed, { path: "to", state: "renamed", was: "from", size: 5 }, { path: "new", state: "added", was: null, size: 6 }],
      more: 7, same: 1,
    }),
  );
  expect([...shown.querySelectorAll("tbody td")].map((cell) => cell.textContent)).toEqual(["rows", "1", "—"]);
  expect([...shown.querySelectorAll(".file")].map((file) => file.textContent)).toEqual(["a.txtchanged100 B", "towas fromrenamed5 B", "newadded6 B"]);
  expect(shown.textContent).toContain("and 7 more files");
  expect(shown.textContent).toContain("1 file is the same.");
});

test("how a file differs is asked when it is opened", async () => {
  const answer = later<FileComparison>();
  const asked = vi.fn(() => answer.promise);
  await begin({ compare: async () => compared({ files: [changed] }), compareFile: asked });
  await page.click("compare");
  await page.settle();
  expect(asked).not.toHaveBeenCalled();
  await page.click("compared-file");
  expect(page.get("compared-how").getAttribute("aria-busy")).toBe("true");
  answer.resolve(how({ summary: "1 line differs", lines: ["@@ -1 +1 @@", "-one", "+two", " same"], changes: [{ what: "b", before: "1", after: "2", note: "by 1" }], more: 3 }));
  await page.settle();
  expect(asked).toHaveBeenCalledExactlyOnceWith("v:1", "v:2", "a.txt");
  const shown = page.get("compared-how");
  expect([...shown.querySelectorAll(".lines span")].map((line) => line.className)).toEqual(["place", "went", "came", ""]);
  expect(shown.querySelector("pre")!.textContent).toBe("@@ -1 +1 @@-one+two same");
  expect(shown.querySelector("tbody")!.textContent).toBe("bby 112");
  expect(shown.textContent).toContain("and 3 more");
});

test("equal values in other bytes, and what could not be compared, are said", async () => {
  await compare(compared({ files: [changed] }));
  await page.click("compared-file");
  await page.settle();
  expect(page.get("compared-how").textContent).toBe("The same values, written in other bytes.");
  page.close();
  await compare(compared({ files: [changed] }), how({ problem: "it is a pickle" }));
  await page.click("compared-file");
  await page.settle();
  expect(page.get("compared-how").textContent).toBe("Not compared: it is a pickle");
});

test("damage is said, for the versions and for a file", async () => {
  const shown = await compare(new Error("The manifest is damaged."));
  expect(shown.querySelector("[role=alert]")!.textContent).toBe("The manifest is damaged.");
  page.close();
  await compare(compared({ files: [changed] }), new Error("a.txt is damaged."));
  await page.click("compared-file");
  await page.settle();
  expect(page.root.querySelector("[role=alert]")!.textContent).toBe("a.txt is damaged.");
});

test.each(HOSTILE)("%j is text wherever it stands", async (text) => {
  const change = { what: text, before: text, after: text, note: text };
  await compare(
    compared({ facts: [change], files: [{ ...changed, path: text }, { path: "b", state: "renamed", was: text, size: 1 }] }),
    how({ summary: text, changes: [change], lines: [`+${text}`] }),
  );
  await page.click("compared-file");
  await page.settle();
  expect(acting(page.root)).toEqual([]);
  expect(page.get("compared").textContent!.split(text)).toHaveLength(13);
});
