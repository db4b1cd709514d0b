// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EVERYTHING } from "../src/filter";
import { remember } from "../src/memory";
import { State } from "../src/state";
import { answering, pipeline } from "./support";

let stop: AbortController;
beforeEach(() => {
  sessionStorage.clear();
  stop = new AbortController();
});
afterEach(() => stop.abort());

function opened(id: string) {
  const state = new State(pipeline(), "types", answering());
  remember(id, state, stop.signal);
  return state;
}

test("a page that is loaded again finds the level, the node, the tab and the part", () => {
  const before = opened("a");
  before.setLevel("instances");
  before.select("v:3");
  before.tab.value = "files";
  before.look("v:3", 1);
  before.asTable.value = true;
  const after = opened("a");
  expect([after.level.value, after.selected.value, after.tab.value, after.asTable.value]).toEqual(["instances", "v:3", "files", true]);
  expect(after.trail.value).toEqual([{ id: "v:3", depth: 1 }]);
  expect(after.view.value.items.map(({ id }) => id)).toEqual(before.view.value.items.map(({ id }) => id));
});

test("a page that is loaded again finds the filter", () => {
  const before = opened("a");
  before.setLevel("instances");
  before.filter.value = { ...EVERYTHING, types: ["model"], text: "mnist", since: 5 };
  const after = opened("a");
  expect(after.filter.value).toEqual(before.filter.value);
  expect(after.view.value.items).toEqual(before.view.value.items);
  before.filter.value = EVERYTHING;
  expect(opened("a").filter.value).toEqual(EVERYTHING);
});

test.each([3, "x", [], { types: 7, tags: [null], text: null, since: "now" }])("a filter that cannot be read filters by what can: %j", (filter) => {
  sessionStorage.setItem("artnb:a", JSON.stringify({ level: "instances", filter }));
  const { tags, ...rest } = opened("a").filter.value;
  expect(rest).toEqual({ types: [], jobTypes: [], aliases: [], states: [], text: "", since: null, until: null });
  expect(tags.every((tag) => typeof tag === "string")).toBe(true);
});

test("another display begins anew, and one that is gone writes no more", () => {
  const before = opened("a");
  before.setLevel("instances");
  expect(opened("b").level.value).toBe("types");
  stop.abort();
  before.setLevel("names");
  expect(JSON.parse(sessionStorage.getItem("artnb:a")!).level).toBe("instances");
});

test("a node that is there no more is not chosen", () => {
  sessionStorage.setItem("artnb:a", JSON.stringify({ level: "instances", selected: "v:99", trail: [{ id: "v:98", depth: 1 }] }));
  const state = opened("a");
  expect([state.level.value, state.selected.value, state.trail.value]).toEqual(["instances", "", []]);
});

test.each(["", "{", "3", "[]", '{"level":"none"}', '{"level":"names","opened":7,"trail":[null,3]}'])("what cannot be read is passed over: %j", (text) => {
  sessionStorage.setItem("artnb:a", text);
  expect(() => opened("a").view.value).not.toThrow();
});

test("a page that may keep nothing works all the same", () => {
  vi.stubGlobal("sessionStorage", { getItem() { throw new Error("denied"); }, setItem() { throw new Error("denied"); } });
  const state = opened("a");
  state.setLevel("names");
  expect(state.level.value).toBe("names");
  vi.unstubAllGlobals();
});
