// How a project grew: what was there when, at every level, and the player's steps.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { viewOf } from "../src/levels";
import { arrived, growthOf, play, positionOf, timeAt } from "../src/replay";
import { State } from "../src/state";
import { LEVELS } from "../src/view";
import { answering, graph, pipeline, random, run, siblings, version } from "./support";

/** Runs that take older versions and make new ones, some at the same time. */
function grown(seed: number) {
  const next = random(seed);
  const below = (most: number) => Math.floor(next() * most);
  const nodes = [];
  const edges: [string, string][] = [];
  for (let i = 0; i < 30; i++) {
    nodes.push(version(i, `name-${below(8)}`, { type: `type-${below(3)}`, time: below(20) }));
    nodes.push(run(`${i}`, `run-${i}`, { type: `job-${below(3)}`, time: below(20) }));
    edges.push([`v:${below(i + 1)}`, `r:${i}`], [`r:${below(i + 1)}`, `v:${i}`]);
  }
  return graph(nodes, edges);
}

describe.each(LEVELS)("at the level of %s", (level) => {
  test.each([1, 2, 3, 4])("what is there at each moment is the same as in the graph as it was then (seed %i)", (seed) => {
    const found = grown(seed);
    const view = viewOf(found, level);
    const growth = growthOf(view);
    expect([...growth.moments]).toEqual([...new Set(found.nodes.map(({ time }) => time))].sort((a, b) => a - b));
    growth.moments.forEach((moment, at) => {
      const then = viewOf(found, level, { kept: Uint8Array.from(found.nodes, ({ time }) => Number(time <= moment)) });
      const ids = (of: typeof view) => of.items.map(({ id }) => id);
      const ways = (of: typeof view) => of.arrows.map(({ source, target }) => `${of.items[source].id}>${of.items[target].id}`);
      // Clusters gather other names then: compared by their parts.
      if (view.items.some(({ kind }) => kind === "cluster") || then.items.some(({ kind }) => kind === "cluster")) return;
      expect(ids(view).filter((_, i) => arrived(growth.items[i], at) === 1).sort()).toEqual(ids(then).sort());
      expect(ways(view).filter((_, n) => arrived(growth.arrows[n], at) === 1).sort()).toEqual(ways(then).sort());
      expect(growth.counts[at]).toBe(then.items.reduce((sum, { members }) => sum + members.length, 0));
      for (const item of then.items) expect(growth.parts(view.place.get(item.id)!, at)).toBe(item.members.length);
    });
  });
});

test("a cluster is there with its first name, and counts those that are", () => {
  const view = viewOf(siblings(), "names");
  const growth = growthOf(view);
  const cluster = view.place.get("k:c:raw-1")!;
  expect([growth.items[cluster], growth.parts(cluster, 2)]).toEqual([0, 3]);
});

test("only what is in the view has moments", () => {
  const found = pipeline();
  const growth = growthOf(viewOf(found, "instances", { kept: Uint8Array.of(1, 0, 0, 1, 0) }));
  expect([[...growth.moments], [...growth.counts]]).toEqual([[10, 20], [1, 2]]);
  expect(growthOf(viewOf(graph([]), "types")).moments).toHaveLength(0);
});

describe("positions", () => {
  const moments = Float64Array.of(10, 20, 40);

  test.each([[10, 0], [15, 0.5], [20, 1], [30, 1.5], [40, 2], [99, 2], [Infinity, 2], [1, 0]])("the time %f is at %f", (time, position) => {
    expect(positionOf(moments, time)).toBe(position);
  });

  test.each([[0, 10], [0.5, 15], [1, 20], [1.5, 30], [2, Infinity], [3, Infinity]])("%f is the time %f", (position, time) => {
    expect(timeAt(moments, position)).toBe(time);
  });

  test("what comes fades in on the way to its moment", () => {
    expect([0, 0.5, 1, 1.5, 2, 3].map((position) => arrived(2, position))).toEqual([0, 0, 0, 0.5, 1, 1]);
  });
});

describe("the player", () => {
  let frames: ((now: number) => void)[];
  beforeEach(() => {
    frames = [];
    vi.stubGlobal("requestAnimationFrame", (call: (now: number) => void) => frames.push(call));
    vi.spyOn(performance, "now").mockReturnValue(0);
  });
  afterEach(() => vi.unstubAllGlobals());

  function played(count: number, calm: boolean, times: number[]) {
    const stop = new AbortController();
    let position = 0;
    const seen: number[] = [];
    play(() => ({ count, position }), (to) => seen.push((position = to)), calm, stop.signal);
    for (const time of times) frames.shift()!(time);
    stop.abort();
    frames.shift()!(1e9);
    expect(frames).toEqual([]);
    return seen;
  }

  test("goes evenly, stops at the end, and when it is told to", () => {
    expect(played(3, false, [175, 350, 700, 9_999])).toEqual([0.5, 1, 2, 2]);
  });

  test("shows 100,000 moments in a quarter of a minute", () => {
    expect(Math.round(played(100_000, false, [7_500]).at(-1)!)).toBe(50_000);
  });

  test("makes whole steps, few and slow, for a person who wants no motion", () => {
    expect(played(64, true, [16, 699, 700, 1_000, 1_400])).toEqual([4, 8]);
  });
});

describe("the state", () => {
  const begin = () => {
    const here = new State(pipeline(), "instances", answering());
    here.replay(true);
    return here;
  };

  test("begins with all, plays from the start, and says where it stands", () => {
    const here = begin();
    expect([here.moment.value, here.playing.value]).toEqual([4, false]);
    here.togglePlay();
    expect([here.moment.value, here.playing.value]).toEqual([0, true]);
    here.goTo(2.5);
    here.togglePlay();
    expect([here.until.value, here.playing.value]).toEqual([35, false]);
    expect(here.said.value).toContain("3 of 5 runs and versions");
  });

  test("at the end it stops and follows what comes", () => {
    const here = begin();
    here.togglePlay();
    here.goTo(4);
    expect([here.playing.value, here.until.value]).toEqual([false, Infinity]);
    const { nodes } = pipeline();
    here.replace(graph([...nodes, version(9, "more", { time: 60 })]));
    expect(here.moment.value).toBe(5);
  });

  test("says no date where a filter leaves nothing to play", () => {
    const here = begin();
    here.togglePlay();
    here.filter.value = { ...here.filter.value, text: "no such thing" };
    here.goTo(-1);
    expect([here.playing.value, here.said.value]).toEqual([false, ""]);
  });

  test("its time stays when level, filter or graph change", () => {
    const here = begin();
    here.goTo(1);
    here.setLevel("types");
    here.filter.value = { ...here.filter.value, types: ["model"] };
    expect([here.until.value, here.moment.value]).toEqual([20, 0]);
    here.filter.value = { ...here.filter.value, types: [] };
    expect(here.moment.value).toBe(1);
  });
});
