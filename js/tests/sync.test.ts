/// <reference types="node" />
import { readFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { State } from "../src/state";
import { followKernel } from "../src/sync";
import { answering, FakeModel, graph, pipeline, versionDetails } from "./support";

const written = new DataView(new Uint8Array(readFileSync(new URL("graph.bin", import.meta.url))).buffer);

let model: FakeModel;
let state: State;
let stop: AbortController;

beforeEach(() => {
  model = new FakeModel({ graph: written });
  state = new State(pipeline(), "types", answering(versionDetails()));
  stop = new AbortController();
  followKernel(model, state, stop.signal);
});

test("a change is read from the graph that came with it, and makes details stale", async () => {
  await state.details("v:1");
  model.set("changed", ["now", "r:aaaa0001"]);
  expect(state.graph.value.nodes).toHaveLength(8);
  expect(state.known("v:1")).toBeUndefined();
});

test("the graph is replaced once for each message, though two traits changed", () => {
  model.set("graph", written);
  expect(state.revision.value).toBe(0);
  model.set("changed", ["now"]);
  expect(state.revision.value).toBe(1);
});

test("level, focus and the part that is shown follow Python", () => {
  model.set("look", { level: "names", focused: "v:3", depth: 1, types: ["model", "train"] });
  expect([state.selected.value, state.level.value, state.trail.value]).toEqual(["v:3", "names", [{ id: "v:3", depth: 1 }]]);
  expect(state.filter.value).toMatchObject({ types: ["model"], jobTypes: ["train"] });
  model.set("look", { level: "types", focused: "", depth: 0, types: [] });
  expect([state.level.value, state.trail.value, state.view.value.items.length]).toEqual(["types", [], 4]);
});

test("nothing is listened to once the view is gone", () => {
  expect(model.listening).toBe(2);
  stop.abort();
  expect(model.listening).toBe(0);
  state.replace(graph([]));
  model.set("changed", ["now"]);
  expect(state.graph.value.nodes).toHaveLength(0);
});
