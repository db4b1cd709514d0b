// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { State } from "../src/state";
import { open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline, version, versionDetails } from "./support";

let page: Page;
let state: State;
let browser: ReturnType<typeof stubBrowser>;

function begin(of = pipeline()) {
  state = new State(of, "instances", answering(versionDetails()));
  page = open(state);
  browser.resize();
}
const paper = () => page.get("paper") as HTMLCanvasElement;
/** What is written on canvases while `event` is heard. */
const drawn = (event: string) => {
  browser.texts.length = 0;
  act(() => void dispatchEvent(new Event(event)));
  return [...browser.texts];
};

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => page.close());

test("all of the graph is drawn for paper, once, whatever is in sight and chosen", async () => {
  begin();
  for (let i = 0; i < 8; i++) await page.click("zoom-in");
  act(() => state.select("v:3"));
  const places = () => globalThis.__artnb!.views.at(-1)!.nodes();
  const before = places();
  const texts = drawn("beforeprint");
  for (const { title } of state.view.value.items) expect(texts.filter((text) => text === title)).toHaveLength(1);
  expect(paper().width).toBe(Math.round(3 * parseFloat(paper().style.width)));
  expect(places()).toEqual(before);
});

test("after it the memory of the picture is given back", () => {
  begin();
  drawn("beforeprint");
  expect(paper().width).toBeGreaterThan(300);
  expect(drawn("afterprint")).not.toContain("raw:v0");
  expect([paper().width, paper().height]).toEqual([0, 0]);
});

test("a large graph is drawn no finer than memory allows", () => {
  begin(graph(Array.from({ length: 400 }, (_, i) => version(i, `part-${i}`))));
  drawn("beforeprint");
  expect(Math.max(paper().width, paper().height)).toBeLessThanOrEqual(4096);
  expect(Math.max(paper().width, paper().height)).toBeGreaterThan(4000);
});

test("nothing is drawn for a graph that is gone, and an empty one is none", () => {
  begin(graph([]));
  expect(drawn("beforeprint")).toEqual([]);
  page.close();
  begin();
  page.close();
  expect(drawn("beforeprint")).toEqual([]);
  begin();
});
