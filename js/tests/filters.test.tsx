// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EVERYTHING } from "../src/filter";
import { State } from "../src/state";
import { speak } from "../src/texts";
import { HOSTILE, acting, open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline, run, version } from "./support";

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

test("a span is picked by its ends; each has a chip that takes it back; the table follows", async () => {
  const noon = Date.parse("2026-03-04T12:00") / 1000;
  begin(graph([version(1, "early", { time: noon - 60 }), version(2, "late", { time: noon + 30 }), run("a", "later", { time: noon + 90 })]));
  act(() => void (state.asTable.value = true));
  const rows = () => [...page.root.querySelectorAll("[data-node]")].map((each) => each.getAttribute("data-node"));
  await page.click("filter");
  page.type("filter-since", "2026-03-04T12:00");
  expect(rows()).toEqual(["r:a", "v:2"]);
  page.type("filter-until", "2026-03-04T12:00");
  expect(rows()).toEqual(["v:2"]);
  expect(page.all("chip").map((each) => each.textContent)).toEqual([expect.stringMatching(/^since .*2026/), expect.stringMatching(/^until .*2026/)]);
  await page.click("chip");
  expect([rows(), (page.get("filter-since") as HTMLInputElement).value]).toEqual([["v:2", "v:1"], ""]);
  page.type("filter-until", "");
  expect([rows().length, page.all("chip").length]).toEqual([3, 0]);
});

test.each([["hour", 1, ["r:a"]], ["day", 2, ["r:a", "r:b"]], ["week", 3, ["r:a", "r:b", "r:c"]]])("the last %s", async (name, count, ids) => {
  const now = Date.now() / 1000;
  const ran = [600, 7200, 2 * 86_400, 30 * 86_400].map((past, i) => run("abcd"[i], `run-${i}`, { time: now - past }));
  begin(graph(ran));
  act(() => void (state.filter.value = { ...EVERYTHING, until: 5 }));
  await page.click("filter");
  await page.click(`filter-last-${name}`);
  expect([state.filter.value.until, page.all("chip").length]).toEqual([null, 1]);
  expect(state.view.value.items.map(({ id }) => id).sort()).toEqual(ids);
  expect(page.root.querySelector(".chips")!.textContent).toContain(`${count} of 4 shown`);
  await page.click("filter-clear");
  expect(state.kept.value).toBeNull();
});

test("a span that ends before it begins says so, in the page's language", async () => {
  speak("ko");
  begin();
  await page.click("filter");
  page.type("filter-since", "2026-03-04T12:00");
  page.type("filter-until", "2026-03-04T11:00");
  expect(page.root.querySelector(".times")!.textContent).toContain("끝이 시작보다 빠릅니다.");
  expect(page.root.querySelector(".empty")).not.toBeNull();
  speak("en");
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
