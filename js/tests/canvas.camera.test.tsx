// @vitest-environment happy-dom
// Where the camera of the canvas looks as graph, level, choice and size change.

import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { State } from "../src/state";
import { open, stubBrowser, type Page } from "./page";
import { answering, pipeline, version, versionDetails } from "./support";

let page: Page;
let state: State;
let browser: ReturnType<typeof stubBrowser>;

function begin() {
  state = new State(pipeline(), "instances", answering(versionDetails()));
  page = open(state);
  browser.resize();
}

const view = () => globalThis.__artnb!.views.at(-1)!;

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => {
  page.close();
  localStorage.clear();
});

const inSight = () =>
  view().nodes().filter(({ x, y }) => x >= 0 && y >= 0 && x <= browser.size.width && y <= browser.size.height).map(({ id }) => id);
const place = () => view().node("v:1");
const resize = (width: number, height: number) => (Object.assign(browser.size, { width, height }), browser.resize());
const more = () => {
  const found = pipeline();
  return { ...found, nodes: [...found.nodes, ...[10, 11, 12, 13, 14, 15].map((key) => version(key, `new-${key}`))] };
};

test("it begins with the whole graph in sight", () => {
  begin();
  expect(inSight()).toHaveLength(5);
});

test("a graph that was fitted stays whole when the canvas or the graph changes", async () => {
  begin();
  await page.click("fit");
  resize(420, 300);
  expect(inSight()).toHaveLength(5);
  act(() => state.replace(more()));
  expect(inSight()).toHaveLength(11);
});

describe("a graph that is too large to be read as a whole", () => {
  const scale = () => (view().node("v:3")!.x - view().node("r:b")!.x) / 200;

  test("begins with its newest node, to be read, and fits when asked", async () => {
    resize(420, 300);
    begin();
    expect(inSight()).toEqual(["v:3", "r:b"]);
    const read = scale();
    await page.click("fit");
    expect(inSight()).toHaveLength(5);
    expect(scale()).toBeLessThan(read / 2);
  });

  test("begins with what it is about, where that is what it keeps to", () => {
    resize(420, 300);
    begin();
    act(() => state.look("v:1", 9));
    expect(inSight()).toEqual(["v:1", "r:a"]);
    act(() => state.back(0));
    expect(inSight()).toEqual(["v:3", "r:b"]);
  });

  test("begins with what is chosen, where it is laid out anew", async () => {
    resize(300, 120);
    begin();
    act(() => state.select("v:1"));
    await page.click("direction");
    expect(inSight()).toContain("v:1");
    expect(inSight()).not.toContain("v:3");
  });

  test("follows the newest node until one has moved", async () => {
    resize(300, 400);
    begin();
    const newest = (key: number) => ({ ...version(key, `late-${key}`), time: 1e10 + key });
    const replace = (...keys: number[]) => act(() => state.replace({ ...more(), nodes: [...more().nodes, ...keys.map(newest)] }));
    replace(90);
    expect(inSight()).toContain("v:90");
    await page.click("zoom-in");
    const before = place();
    replace(90, 91);
    expect(place()).toEqual(before);
  });

  test("a small canvas has a small map, a very small one none", () => {
    resize(340, 400);
    begin();
    const map = page.get("minimap") as HTMLCanvasElement;
    expect([map.hidden, map.style.width]).toEqual([false, "90px"]);
    for (const [width, height] of [[340, 200], [300, 400], [900, 150]]) {
      resize(width, height);
      expect(map.hidden).toBe(true);
    }
    resize(500, 200);
    expect([map.hidden, map.style.width]).toEqual([false, "150px"]);
  });
});

test("nodes that come move nobody who has moved", async () => {
  begin();
  await page.click("zoom-in");
  await page.click("zoom-in");
  const before = place();
  act(() => state.replace(more()));
  expect(place()).toEqual(before);
});

test("another level is shown whole, though one has moved", async () => {
  begin();
  for (let i = 0; i < 8; i++) await page.click("zoom-in");
  expect(inSight().length).toBeLessThan(5);
  await page.click("level-types");
  expect(inSight()).toHaveLength(4);
});

test("a chosen node stays in sight when the panel takes part of the canvas", () => {
  begin();
  act(() => state.select("v:3"));
  resize(260, 500);
  expect(inSight()).toContain("v:3");
});

test("the whole graph is in sight again when the panel has gone, unless one has moved", async () => {
  for (const moves of [false, true]) {
    begin();
    const { width, height } = browser.size;
    act(() => state.select("v:3"));
    resize(260, 500);
    expect(inSight().length).toBeLessThan(5);
    if (moves) {
      await page.click("zoom-in");
      await page.click("zoom-out");
    }
    act(() => state.select(""));
    resize(width, height);
    expect(inSight().length === 5).toBe(!moves);
    page.close();
  }
  begin();
});

test("the whole graph is in sight again when a narrow window was made wide, also beside the panel", () => {
  begin();
  act(() => state.select("v:3"));
  resize(260, 500);
  expect(inSight().length).toBeLessThan(5);
  resize(1000, 500);
  expect(inSight()).toHaveLength(5);
});

test("a node that is chosen from afar is brought near enough to be read", () => {
  begin();
  resize(60, 60);
  act(() => state.select("v:3"));
  expect([Math.round(view().node("v:3")!.x), Math.round(view().node("v:3")!.y)]).toEqual([30, 30]);
});

test("a node that is chosen in sight moves nothing", () => {
  begin();
  const before = place();
  act(() => state.select("v:1"));
  expect(place()).toEqual(before);
});

test("a hidden canvas is not given the size zero", () => {
  begin();
  const before = view().nodes();
  Object.assign(browser.size, { width: 0, height: 0 });
  browser.resize();
  expect(view().nodes()).toEqual(before);
});

test("the buttons zoom and fit", async () => {
  begin();
  const spread = () => view().node("v:3")!.x - view().node("v:1")!.x;
  const before = spread();
  await page.click("zoom-in");
  expect(spread()).toBeCloseTo(before * 1.3);
  await page.click("zoom-out");
  expect(spread()).toBeCloseTo(before);
});
