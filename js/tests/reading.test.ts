// Ways between nodes, and what is stale.
import { describe, expect, test } from "vitest";
import { viewOf } from "../src/levels";
import { wayBetween } from "../src/related";
import { staleness, withStale } from "../src/stale";
import type { Instance } from "../src/protocol";
import cases from "./stale.json";
import { State } from "../src/state";
import { answering, graph, pipeline, random, run, siblings, version } from "./support";

describe("a way between two nodes", () => {
  const view = viewOf(pipeline(), "instances");
  const way = (from: string, to: string, of = view) => wayBetween(of, of.place.get(from) ?? -1, of.place.get(to) ?? -1).map((at) => of.items[at].id);

  test("goes along the arrows, whichever end is given first", () => {
    expect(way("v:1", "v:3")).toEqual(["v:1", "r:a", "v:2", "r:b", "v:3"]);
    expect(way("v:3", "v:1")).toEqual(["v:1", "r:a", "v:2", "r:b", "v:3"]);
  });

  test("is nowhere between siblings, to itself, or to what is not shown", () => {
    const other = viewOf(siblings(), "instances");
    expect(way("v:1", "v:2", other)).toEqual([]);
    expect(way("v:1", "v:1")).toEqual([]);
    expect(way("v:1", "v:99")).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5, 6])("has no shorter one (seed %i)", (seed) => {
    const next = random(seed);
    const nodes = Array.from({ length: 14 }, (_, i) => version(i, `n-${i}`));
    const pick = () => nodes[Math.floor(next() * nodes.length)].id;
    const found = viewOf(graph(nodes, Array.from({ length: 20 }, () => [pick(), pick()])), "instances");
    const far = nodes.map((_, i) => nodes.map((_, j) => (i === j ? 0 : found.arrows.some((a) => a.source === i && a.target === j) ? 1 : Infinity)));
    for (const k of far.keys()) for (const row of far) row.forEach((_, j) => (row[j] = Math.min(row[j], row[k] + far[k][j])));
    for (const a of nodes.keys()) {
      for (const b of nodes.keys()) {
        if (a === b) continue;
        const steps = wayBetween(found, a, b).length - 1;
        const least = far[a][b] < Infinity ? far[a][b] : far[b][a];
        expect(steps).toBe(least < Infinity ? least : -1);
      }
    }
  });

  test("is begun at one node and ends at the next that is chosen", () => {
    const here = new State(pipeline(), "instances", answering());
    here.select("v:1");
    here.ends.value = { from: "v:1", to: "" };
    here.select("v:3");
    expect([here.selected.value, here.way.value.length, here.said.value]).toEqual(["v:1", 5, "4 steps between raw:v0 and net:v0"]);
    here.setLevel("types");
    expect(here.way.value.length).toBeGreaterThan(1);
  });

  test("that is not there is said", () => {
    const here = new State(siblings(), "instances", answering());
    here.select("v:1");
    here.endWay("v:2");
    expect([here.way.value, here.said.value]).toEqual([[], "No way between raw-1:v0 and raw-2:v0"]);
  });
});

describe("stale", () => {
  const raw = [version(1, "raw"), version(2, "raw", { number: 1 })];
  const tidy = version(3, "tidy");
  const net = version(4, "net", { type: "model" });
  const runs = [run("a", "one"), run("b", "two")];
  const edges: [string, string][] = [["v:1", "r:a"], ["r:a", "v:3"], ["v:3", "r:b"], ["r:b", "v:4"]];
  const ids = (found: ReturnType<typeof graph>) => [...staleness(found)].map(([at, old]) => [found.nodes[at].id, old.map((i) => found.nodes[i].id)]);

  test("is what was made from a version that has been replaced, and all that came of it", () => {
    expect(ids(graph([...raw, tidy, net, ...runs], edges))).toEqual([["v:3", ["v:1"]], ["v:4", ["v:3"]]]);
  });

  test("is nothing while inputs are the newest", () => {
    expect(ids(graph([raw[0], tidy, net, ...runs], edges))).toEqual([]);
  });

  test("is nothing whose newer input was deleted", () => {
    expect(ids(graph([raw[0], { ...raw[1], state: "deleted" }, tidy, net, ...runs], edges))).toEqual([]);
  });

  test("is no older version: it was replaced itself", () => {
    const newer = version(5, "tidy", { number: 1 });
    const more = graph([...raw, tidy, newer, ...runs], [...edges.slice(0, 2), ["v:2", "r:b"], ["r:b", "v:5"]]);
    expect(ids(more)).toEqual([]);
  });

  test("is nothing that grew from its own earlier version", () => {
    const next = version(5, "net", { type: "model", number: 1 });
    expect(ids(graph([net, next, runs[0]], [["v:4", "r:a"], ["r:a", "v:5"]]))).toEqual([]);
  });

  test("is nothing that a run made together with the newest version of its input", () => {
    const all = (...more: Parameters<typeof graph>[0]) => graph([...raw, tidy, ...runs, ...more], [...edges.slice(0, 2), ["r:a", "v:2"]]);
    expect(ids(all())).toEqual([]);
    expect(ids(all(version(5, "raw", { number: 2 })))).toEqual([["v:3", ["v:1"]]]);
  });

  test("is nothing that some run made from the newest too", () => {
    const found = graph([...raw, tidy, ...runs], [["v:1", "r:a"], ["r:a", "v:3"], ["v:2", "r:b"], ["r:b", "v:3"]]);
    expect(ids(found)).toEqual([]);
  });

  test("ends, in a damaged graph that goes round", () => {
    const found = graph([...raw, tidy, net, ...runs], [...edges, ["v:4", "r:a"]]);
    expect(ids(found).map(([id]) => id)).toContain("v:3");
  });

  test.each(Object.entries(cases))("is what the status in the notebook says: %s", (_, { nodes, edges, stale }) => {
    const made = nodes.map(([isRun, name, number, state, aliases, left], n) =>
      isRun ? run(`${n}`, name as string, { state: state as string }) : version(n, name as string, { number, state, aliases, left } as Partial<Instance>),
    );
    const found = graph(made, edges.map(([from, to]) => [made[from].id, made[to].id]));
    const refs = [...staleness(found).keys()].map((at) => `${found.nodes[at].name}:v${found.nodes[at].number}`);
    expect(refs.sort()).toEqual(stale);
  });

  test("is a state that search, filter and groups know", () => {
    const here = new State(graph([...raw, tidy, net, ...runs], edges), "types", answering());
    expect(here.view.value.items.find(({ id }) => id === "t:model")!.state).toBe("stale");
    expect(withStale(pipeline()).nodes.map(({ state }) => state)).not.toContain("stale");
    here.filter.value = { ...here.filter.value, states: ["stale"], types: ["model"] };
    expect(here.view.value.items.map(({ id }) => id)).toEqual(["t:model", "j:train"]);
  });
});
