// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { State } from "../src/state";
import { HOSTILE, acting, open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline, version } from "./support";

let page: Page;
let state: State;

function begin(found = pipeline()) {
  state = new State(found, "instances", answering());
  page = open(state);
}
const box = (facet: string, value: string) =>
  page.all(`filter-${facet}`).find((each) => (each as HTMLInputElement).value === value)!;

beforeEach(() => void stubBrowser());
afterEach(() => page.close());

test("a choice makes a chip and leaves fewer nodes; the chip takes it back", async () => {
  begin();
  await page.click("filter");
  await act(async () => box("types", "model").click());
  expect(state.filter.value.types).toEqual(["model"]);
  expect(page.get("chip").textContent).toContain("type model");
  expect(page.root.querySelector(".chips")!.textContent).toContain("2 of 5 shown");
  await page.click("chip");
  expect([state.filter.value.types, page.all("chip").length]).toEqual([[], 0]);
});

test("all choices are taken back at once", async () => {
  begin();
  await page.click("filter");
  await act(async () => box("states", "failed").click());
  page.type("filter-text", "net");
  expect(page.all("chip")).toHaveLength(2);
  await page.click("filter-clear");
  expect(state.kept.value).toBeNull();
});

test("Escape closes the menu and gives the focus back, and goes no further", async () => {
  begin();
  await page.click("filter");
  let heard = 0;
  page.root.addEventListener("keydown", () => heard++);
  page.press("filter-text", "Escape");
  expect([page.all("filter-menu").length, heard, document.activeElement]).toEqual([0, 0, page.get("filter")]);
});

test("a filter that nothing passes says so", async () => {
  begin();
  act(() => void (state.filter.value = { ...state.filter.value, text: "zebra" }));
  expect(page.root.querySelector(".empty")!.textContent).toBe("Nothing passes the filter.");
});

test.each(HOSTILE)("a type, an alias and a tag called %j are text", async (text) => {
  begin(graph([version(1, "a", { type: text, aliases: [text], tags: [text] })]));
  await page.click("filter");
  await act(async () => box("types", text).click());
  expect(page.get("filter-menu").textContent).toContain(text);
  expect(page.get("chip").textContent).toContain(text);
  expect(acting(page.root)).toEqual([]);
});
