import { expect, test } from "vitest";
import { label } from "../src/groups";
import { viewOf } from "../src/levels";
import { related, wayBetween } from "../src/related";
import { search } from "../src/search";
import { graph, pipeline, random, run, version } from "./support";

const item = (view: ReturnType<typeof viewOf>, id: string) => view.items[view.place.get(id)!];

test.each([1, 2, 3])("search finds the newest of all that match, whatever their order (seed %i)", (seed) => {
  const next = random(seed);
  const found = graph(Array.from({ length: 80 }, (_, i) => version(i, `n-${i % 9}`, { time: Math.floor(next() * 20), tags: i % 2 ? ["odd"] : [] })));
  const matching = found.nodes.filter(({ name, tags }) => name.includes("n-1") || tags.length);
  for (const [text, all] of [["odd", matching.filter(({ tags }) => tags.length)], ["n-1", matching.filter(({ name }) => name === "n-1")]] as const) {
    const newest = [...all].reverse().sort((a, b) => b.time - a.time).slice(0, 12);
    expect(search(found, text).map(({ id }) => id)).toEqual(newest.map(({ id }) => id));
  }
});

test("types collapse nodes, name what each stands for, and count what has one name", () => {
  const view = viewOf(
    graph([version(1, "raw"), version(2, "raw", { number: 1 }), version(3, "net", { type: "model" }), run("a", "one")]),
    "types",
  );
  expect(view.items.map(({ id, note, members }) => ({ id, note, members }))).toEqual([
    { id: "t:dataset", note: "raw · 2 versions", members: [0, 1] },
    { id: "t:model", note: "net · 1 version", members: [2] },
    { id: "j:train", note: "1 run", members: [3] },
  ]);
});

test.each([
  [["raw", "clean", "raw"], "raw, clean"],
  [["mnist-raw", "mnist-preprocess", "mnist-small", "mnist-large"], "mnist-raw, mnist-preprocess +2"],
  [["n".repeat(40), "b"], `${"n".repeat(40)} +1`],
])("a type of the names %j is noted as %j", (names, note) => {
  expect(viewOf(graph(names.map((name, i) => version(i, name))), "types").items[0].note).toBe(note);
});

test("a job type and an artifact type of one name are two nodes", () => {
  const view = viewOf(graph([version(1, "raw", { type: "eval" }), run("a", "one", { type: "eval" })]), "types");
  expect(view.items.map(({ id }) => id)).toEqual(["t:eval", "j:eval"]);
});

test("edges between the same two types are one arrow that counts them", () => {
  const view = viewOf(
    graph([version(1, "a"), version(2, "b"), run("a", "one")], [["v:1", "r:a"], ["v:2", "r:a"], ["r:a", "v:2"]]),
    "types",
  );
  expect(view.arrows).toEqual([{ source: 0, target: 1, count: 2 }, { source: 1, target: 0, count: 1 }]);
});

test.each([
  [["finished", "running", "failed"], "failed"],
  [["crashed", "running"], "crashed"],
  [["failed", "crashed"], "failed"],
  [["finished", "running"], "running"],
  [["finished"], ""],
])("of runs that are %j the worst state wins: %j", (states, expected) => {
  const view = viewOf(graph(states.map((state, i) => run(`${i}`, "one", { state }))), "types");
  expect(view.items[0].state).toBe(expected);
});

test("a type is deleted only when nothing of it is left", () => {
  const state = (...states: string[]) => viewOf(graph(states.map((each, i) => version(i, "a", { state: each }))), "types").items[0].state;
  expect([state("live", "deleted"), state("deleted", "deleted")]).toEqual(["", "deleted"]);
});

test("of versions, damaged is worse than deleted", () => {
  const view = viewOf(graph(["live", "deleted", "damaged"].map((state, i) => version(i, "a", { state }))), "types");
  expect(view.items[0].state).toBe("damaged");
});

test("instances are drawn one by one, with their aliases and state", () => {
  const view = viewOf(pipeline(), "instances");
  expect(item(view, "v:3")).toMatchObject({ title: "net:v0", note: "model", badges: ["latest", "best"], members: [2] });
  expect(item(view, "r:b")).toMatchObject({ title: "calm-lake-2", note: "train", isRun: true, state: "failed" });
  expect(view.arrows).toHaveLength(4);
});

test("a version is labelled with its number, a run with its name alone", () => {
  expect(label(version(1, "raw", { number: 12 }))).toBe("raw:v12");
  expect(label(run("a", "brisk-reed-1"))).toBe("brisk-reed-1");
});

test("who searches a name finds it first, then what begins so, then the newest", () => {
  const runs = ["trainer-3", "pre-trainer-3", "trainer-31", "trainer-39"].map((name, i) => run(`${i}`, name, { time: i }));
  const ids = (text: string) => search(graph(runs), text).map(({ name }) => name);
  expect(ids("trainer-3")).toEqual(["trainer-3", "trainer-39", "trainer-31", "pre-trainer-3"]);
  expect(ids("-3")).toEqual(["trainer-39", "trainer-31", "pre-trainer-3", "trainer-3"]);
});

test("a search knows a version by its alias, as it is written elsewhere", () => {
  expect(search(pipeline(), "net:best").map(({ id }) => id)).toEqual(["v:3"]);
  expect(search(pipeline(), "raw:best")).toEqual([]);
});

test("a search finds nodes that hold every word, in any case and order", () => {
  const ids = (text: string) => search(pipeline(), text).map(({ id }) => id);
  expect(ids("MODEL net")).toEqual(["v:3"]);
  expect(ids("net dataset")).toEqual([]);
  expect(ids("best")).toEqual(["v:3"]);
  expect(ids("failed")).toEqual(["r:b"]);
  expect(ids("raw:v0")).toEqual(["v:1"]);
});

test("a search gives the newest first, runs and versions together", () => {
  const found = search(pipeline(), "e").map(({ time }) => time);
  expect(found).toEqual([50, 40, 30, 20, 10]);
});

test("a search that finds too much keeps the newest", () => {
  const many = graph([version(1, "train-data", { time: 999 }), ...Array.from({ length: 30 }, (_, i) => run(`${i}`, "one", { time: i }))]);
  const found = search(many, "train");
  expect(found).toHaveLength(12);
  expect(found[0].id).toBe("v:1");
  expect(found.at(-1)!.time).toBe(19);
});

test.each(["", "   "])("a search for %j finds nothing", (text) => {
  expect(search(pipeline(), text)).toEqual([]);
});

test("what is related is all that led to a node and all that came of it, not its siblings", () => {
  const view = viewOf(
    graph(
      [version(1, "raw"), version(2, "left"), version(3, "right"), run("a", "split"), run("b", "use")],
      [["v:1", "r:a"], ["r:a", "v:2"], ["r:a", "v:3"], ["v:2", "r:b"]],
    ),
    "instances",
  );
  const ids = [...related(view, view.place.get("v:2")!).items].map((at) => view.items[at].id);
  expect(ids.sort()).toEqual(["r:a", "r:b", "v:1", "v:2"]);
});

test.each([1, 2, 3, 4, 5])("related agrees with walking every path, cycles included (seed %i)", (seed) => {
  const next = random(seed);
  const nodes = Array.from({ length: 12 }, (_, i) => version(i, "a"));
  const pick = () => nodes[Math.floor(next() * nodes.length)].id;
  const view = viewOf(graph(nodes, Array.from({ length: 14 }, () => [pick(), pick()])), "instances");
  const reach = nodes.map((_, i) => nodes.map((_, j) => i === j || view.arrows.some((a) => a.source === i && a.target === j)));
  for (const k of reach.keys()) for (const row of reach) row.forEach((_, j) => (row[j] ||= row[k] && reach[k][j]));
  for (const start of nodes.keys()) {
    const expected = [...nodes.keys()].filter((other) => reach[start][other] || reach[other][start]);
    expect([...related(view, start).items].sort((a, b) => a - b)).toEqual(expected);
  }
});

test("of groups only what its members led to, or came of, is related", () => {
  // A cleaner reads and makes data: along the arrows of the groups it would be related to all.
  const view = viewOf(
    graph(
      [version(1, "raw"), version(2, "clean"), version(3, "net", { type: "model" }), run("a", "one", { type: "clean" }), run("b", "two")],
      [["v:1", "r:a"], ["r:a", "v:2"], ["v:1", "r:b"], ["r:b", "v:3"]],
    ),
    "types",
  );
  const { items, arrows } = related(view, view.place.get("j:train")!);
  const id = (at: number | string) => view.items[Number(at)].id;
  expect([...items].map(id).sort()).toEqual(["j:train", "t:dataset", "t:model"]);
  expect([...arrows].map((arrow) => arrow.split(">").map(id).join(">")).sort()).toEqual(["j:train>t:model", "t:dataset>j:train"]);
});

test("a way between groups is one that data took", () => {
  const view = viewOf(
    graph(
      [version(1, "raw"), version(2, "clean"), version(3, "net", { type: "model" }), run("a", "one", { type: "clean" }), run("b", "two"), run("c", "three", { type: "load" })],
      [["r:c", "v:1"], ["v:1", "r:a"], ["r:a", "v:2"], ["v:2", "r:b"], ["r:b", "v:3"]],
    ),
    "types",
  );
  const way = (from: string, to: string) => wayBetween(view, view.place.get(from)!, view.place.get(to)!).map((at) => view.items[at].id);
  expect(way("t:model", "j:load")).toEqual(["j:load", "t:dataset", "j:clean", "t:dataset", "j:train", "t:model"]);
});
