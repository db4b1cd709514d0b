// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TouchedFile, TouchedFiles } from "../src/protocol";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, runDetails, versionDetails } from "./support";

let page: Page;
let state: State;
const file = (path: string, more: Partial<TouchedFile> = {}): TouchedFile => ({ path, size: 10, sha256: null, rewritten: false, unsure: false, node: null, version: null, ...more });

async function begin(changes: Partial<TouchedFiles>) {
  const files = { root: "/home/me/work", partial: null, reads: [], writes: [], more: { reads: 0, writes: 0 }, others: [], ...changes };
  state = new State(pipeline(), "instances", answering(runDetails({ touched: files }), versionDetails()));
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("tab-files");
}
const body = () => page.root.querySelector(".panel .body")!.textContent!;

beforeEach(() => void stubBrowser());
afterEach(() => page.close());

test("what was read leads to the version that holds it, and else says its digest", async () => {
  await begin({ reads: [file("in.csv", { node: "v:1", version: "raw:v0" }), file("/etc/x", { sha256: "abcdef0123456789" })] });
  expect(body()).toContain("/etc/xNo version holds it · SHA-256 abcdef01234510 B");
  await page.click("link");
  expect(state.selected.value).toBe("v:1");
});

test("what was written says where it is kept, and what is not listed is counted", async () => {
  await begin({ writes: [file("out.csv", { node: "v:2", version: "clean:v0" }), file("tmp", { size: null })], more: { reads: 0, writes: 1200 }, partial: "inotify ran out" });
  expect(body()).toContain("Wrote1,202");
  expect(body()).toContain("tmpNot kept");
  expect(body()).toContain("and 1,200 more");
  expect(body()).toContain("Not every file may be known: inotify ran out");
  expect(page.all("files-read")).toHaveLength(0);
});

test("what other programs wrote is told apart, and what may be theirs is said", async () => {
  await begin({ writes: [file("out.csv", { unsure: true }), file("mine.csv")], others: ["notes.txt"] });
  expect(page.get("files-wrote").textContent).toBe("out.csvNot kept · perhaps by another program10 Bmine.csvNot kept10 B");
  expect(page.get("files-others").textContent).toBe("notes.txt");
});

test("a run that touched no files has no such tab", async () => {
  state = new State(pipeline(), "instances", answering(runDetails()));
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  expect(page.all("tab-files")).toHaveLength(0);
});

test.each(HOSTILE)("a file may be called %s", async (text) => {
  await begin({ root: text, partial: text, reads: [file(text, { version: text, sha256: text })], writes: [file(text, { node: "v:1", version: text })], others: [text] });
  expect(page.get("files-read").textContent).toContain(text);
  expect(acting(page.root)).toEqual([]);
});

test("the code of a cell stands apart from the functions that it uses", async () => {
  state = new State(pipeline(), "instances", answering(runDetails({ code: "x = f()\ny = 1\n\n\ndef f():\n    return 2\n", cellLines: 2 })));
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("tab-code");
  expect([...page.root.querySelectorAll("pre")].map((each) => each.textContent)).toEqual(["x = f()\ny = 1", "def f():\n    return 2\n"]);
});

test("the modules that a cell used are folded below its code", async () => {
  const modules = [{ path: "src/helper.py", code: "def g():\n    return 3\n" }];
  state = new State(pipeline(), "instances", answering(runDetails({ code: "x = g()", cellLines: 1, modules })));
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("tab-code");
  const [module] = page.root.querySelectorAll<HTMLDetailsElement>("[data-testid=artnb-module]");
  expect(module!.open).toBe(false);
  expect(module!.querySelector("summary")!.textContent).toBe("src/helper.py");
  expect(module!.querySelector("pre")!.textContent).toBe("def g():\n    return 3\n");
});
