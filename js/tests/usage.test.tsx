// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Details, FileDetails, Loaded } from "../src/protocol";
import type { Backend } from "../src/rpc";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, runDetails, versionDetails } from "./support";

let page: Page;
let state: State;
const value: FileDetails = { path: "x.npy", size: 1, format: "npy", variable: "x", digest: "1", ref: null, picture: false, meta: {} };

async function begin(details: Details, more: Partial<Backend> = {}) {
  state = new State(pipeline(), "instances", { ...answering(details), ...more });
  page = open(state);
  act(() => state.select(details.node));
  await page.settle();
}
async function usage(files: FileDetails[], load?: Backend["load"]) {
  await begin(versionDetails({ files }), load ? { load } : {});
  await page.click("tab-usage");
}
const came = (changes: Partial<Loaded>): Loaded => ({ loaded: [], problems: [], asks: [], ...changes });

beforeEach(() => void stubBrowser());
afterEach(() => page.close());

test("the code is there to copy, and what made and used it", async () => {
  await usage([]);
  expect(page.root.querySelector(".copyable code")!.textContent).toBe("run.use_artifact('raw:v0').download()");
  expect(page.root.querySelector(".body")!.textContent).toContain("No run has used it yet.");
});

test("values are loaded at a click, and which is said", async () => {
  const load = vi.fn(async () => came({ loaded: ["x (ndarray)"], problems: [["net", "pickle can run code"]] }));
  await usage([value], load);
  await page.click("load");
  await page.settle();
  expect(load).toHaveBeenCalledExactlyOnceWith("v:1", false);
  expect([page.get("loaded").textContent, state.said.value]).toEqual(["Loaded x (ndarray)", "Loaded x (ndarray)"]);
  expect(page.root.querySelector(".load .problem")!.textContent).toBe("Not loaded: net: pickle can run code");
});

test("nothing is replaced that would be lost before the person says so", async () => {
  const load = vi.fn(async (_: string, replace: boolean) => (replace ? came({ loaded: ["x (list)"] }) : came({ asks: ["x", "y"] })));
  await usage([value], load);
  await page.click("load");
  await page.settle();
  expect(page.get("load-asks").textContent).toContain("x, y: have values that no version holds.");
  expect(page.all("loaded")).toHaveLength(0);
  await page.click("load-replace");
  await page.settle();
  expect(load).toHaveBeenLastCalledWith("v:1", true);
  expect(page.get("loaded").textContent).toBe("Loaded x (list)");
});

test("a notebook that cannot take them says what to run", async () => {
  await usage([value], () => Promise.reject(new Error("Run `%load_ext artnb`")));
  await page.click("load");
  await page.settle();
  expect(page.root.querySelector("[role=alert]")!.textContent).toBe("Run `%load_ext artnb`");
});

test("without a kernel, or with files alone, there is nothing to load", async () => {
  await usage([value]);
  expect(page.all("load")).toHaveLength(0);
  page.close();
  await usage([{ ...value, format: "file" }], vi.fn());
  expect(page.all("load")).toHaveLength(0);
});

test.each(HOSTILE)("a variable may be called %s", async (text) => {
  await usage([value], async () => came({ loaded: [text], problems: [[text, text]] }));
  await page.click("load");
  await page.settle();
  expect(page.get("loaded").textContent).toContain(text);
  expect(acting(page.root)).toEqual([]);
});

test("a run's cell is gone to where the host can, and named where it cannot", async () => {
  await begin(runDetails({ notebook: "a.ipynb", cellId: "abc" }));
  expect([page.all("cell").length, page.root.querySelector(".body")!.textContent!.includes("cell abc")]).toEqual([0, true]);
  page.close();
  await begin(runDetails({ notebook: "a.ipynb", cellId: "abc" }));
  state.goToCell = vi.fn((_notebook: string, cell: string) => {
    if (cell !== "there") throw new Error("It has gone.");
    return "Went";
  });
  act(() => state.select(""));
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("cell");
  expect(state.goToCell).toHaveBeenCalledExactlyOnceWith("a.ipynb", "abc");
  expect(page.root.querySelector("[role=alert]")!.textContent).toBe("It has gone.");
});
