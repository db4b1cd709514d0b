// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { State } from "../src/state";
import type { Level } from "../src/view";
import { open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline } from "./support";

let page: Page;
let state: State;
let browser: ReturnType<typeof stubBrowser>;

function begin(found = pipeline(), level: Level = "instances") {
  state = new State(found, level, answering());
  page = open(state);
  browser.resize();
}
const view = () => globalThis.__artnb!.views.at(-1)!;
const slide = (to: number) =>
  act(() => {
    const input = page.get("time") as HTMLInputElement;
    input.value = String(to);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => page.close());

test("the slider leaves what came later to come, and every node its place", async () => {
  begin();
  const before = view().nodes();
  await page.click("replay");
  expect(view().there).toHaveLength(5);
  slide(1);
  expect(view().there.sort()).toEqual(["r:a", "v:1"]);
  expect(view().nodes()).toEqual(before);
  expect(page.get("moment").textContent).toContain("2 of 5");
  expect(page.get("time").getAttribute("aria-valuetext")).toMatch(/1970.*2 of 5 runs and versions$/);
  await page.click("replay-end");
  expect([view().there.length, page.all("timeline").length]).toEqual([5, 0]);
});

test("groups are there from their first part, and count", async () => {
  begin(pipeline(), "types");
  await page.click("replay");
  slide(0);
  browser.texts.length = 0;
  browser.resize();
  expect(view().there).toEqual(["t:dataset"]);
  expect(browser.texts).toContain("1 version");
  expect(browser.texts).not.toContain("2 versions");
});

test("the table shows what was there", async () => {
  begin();
  await page.click("replay");
  slide(2);
  await page.click("table-switch");
  expect(page.get("table").querySelectorAll("tbody tr")).toHaveLength(3);
});

test("play is a button that the keyboard begins at; Space on the slider plays, Escape ends", async () => {
  begin();
  await page.click("replay");
  await page.settle();
  expect(document.activeElement).toBe(page.get("play"));
  page.press("time", " ");
  expect([state.playing.value, state.moment.value, page.get("play").getAttribute("aria-label")]).toEqual([true, 0, "Pause"]);
  slide(3);
  expect(state.playing.value).toBe(false);
  let heard = 0;
  page.root.addEventListener("keydown", () => heard++);
  page.press("time", "Escape");
  expect([page.all("timeline").length, heard, document.activeElement]).toEqual([0, 0, page.get("replay")]);
});

test("T on the canvas opens and ends it", () => {
  begin();
  page.press("canvas", "t");
  expect(page.all("timeline")).toHaveLength(1);
  page.press("canvas", "t");
  expect(page.all("timeline")).toHaveLength(0);
});

test("an empty project has nothing to replay, and a filter that leaves nothing says so", async () => {
  begin(graph([]));
  expect((page.get("replay") as HTMLButtonElement).disabled).toBe(true);
  page.close();
  begin();
  await page.click("replay");
  act(() => void (state.filter.value = { ...state.filter.value, text: "zebra" }));
  expect(page.get("moment").textContent).toBe("Nothing is shown");
  expect((page.get("play") as HTMLButtonElement).disabled).toBe(true);
});

test("the replay goes on through another level", async () => {
  begin();
  await page.click("replay");
  slide(1);
  act(() => state.setLevel("types"));
  expect(view().there.sort()).toEqual(["j:clean", "t:dataset"]);
});
