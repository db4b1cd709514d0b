// How many arrows cross, beside Graphviz: the same layered graph, dummies included, is given
// to dot, which may only choose the order within the layers.

import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { beforeAll, expect, test } from "vitest";
import { assignLayers, breakCycles, withDummies, type Chain } from "../src/layered/layers";
import { arrange, crossings } from "../src/layered/order";
import type { Layer } from "../src/layered/sides";
import { finished } from "../src/layered/steps";
import { random } from "./support";

const MOST = 1.15;

let dot: Graphviz;
beforeAll(async () => void (dot = await Graphviz.load()));

/** Versions and runs in turn, as projects have them: each run takes some late versions and makes some. */
function project(seed: number, runs: number): Chain {
  const next = random(seed);
  const below = (most: number) => Math.floor(next() * most);
  const versions = [0, 1, 2];
  const from: number[] = [];
  const to: number[] = [];
  let count = versions.length;
  for (let made = 0; made < runs; made++) {
    const run = count++;
    for (let used = 1 + below(3); used > 0; used--) {
      from.push(versions[Math.max(0, versions.length - 1 - below(12))]);
      to.push(run);
    }
    for (let logged = 1 + below(2); logged > 0; logged--) {
      from.push(run);
      to.push(count);
      versions.push(count++);
    }
  }
  return layered(count, from, to);
}

/** Any acyclic graph: arrows go from low to high. */
function scattered(seed: number, count: number): Chain {
  const next = random(seed);
  const pairs = Array.from({ length: Math.floor(count * 1.4) }, () => {
    const source = Math.floor(next() * (count - 1));
    return [source, source + 1 + Math.floor(next() * Math.min(20, count - 1 - source))];
  });
  return layered(count, pairs.map(([a]) => a), pairs.map(([, b]) => b));
}

/** The largest component, as it is laid out: components never cross one another. */
function layered(count: number, from: number[], to: number[]): Chain {
  const parent = Array.from({ length: count }, (_, i) => i);
  const find = (i: number): number => (parent[i] === i ? i : (parent[i] = find(parent[i])));
  from.forEach((a, i) => (parent[find(a)] = find(to[i])));
  const size = new Map<number, number>();
  for (let i = 0; i < count; i++) size.set(find(i), (size.get(find(i)) ?? 0) + 1);
  const [root] = [...size].sort((a, b) => b[1] - a[1])[0];
  const at = new Map([...parent.keys()].filter((i) => find(i) === root).map((node, i) => [node, i]));
  const kept = [...from.keys()].filter((i) => at.has(from[i]));
  const [low, high] = [kept.map((i) => at.get(from[i])!), kept.map((i) => at.get(to[i])!)];
  expect(breakCycles(at.size, low, high).every((turned) => !turned)).toBe(true);
  return withDummies(at.size, low, high, assignLayers(at.size, low, high));
}

function count(chain: Chain, order: Layer[]): number {
  const position = new Int32Array(chain.count);
  order.forEach((row) => row.forEach((node, i) => (position[node] = i)));
  return crossings(chain, order, position);
}

function byGraphviz(chain: Chain): Layer[] {
  const rows = Array.from({ length: chain.depth }, (): number[] => []);
  chain.layer.forEach((layer, node) => rows[layer].push(node));
  const ranks = rows.map((row) => `{rank=same; ${row.join("; ")}}`);
  // Through a spine of its own each layer keeps its rank.
  const spine = rows.map((_, at) => `s${at}`).join(" -> ");
  const edges = [...chain.down.entries()].flatMap(([a, ends]) => ends.map((b) => `${a} -> ${b}`));
  const tied = rows.map((row, at) => `{rank=same; s${at}; ${row[0]}}`);
  const text = `digraph { node [shape=point width=0.1 height=0.1]; ${spine} [style=invis weight=0]; ${[...ranks, ...tied, ...edges].join("\n")} }`;
  const at = new Map<string, number>();
  for (const line of dot.layout(text, "plain", "dot").split("\n")) {
    const [kind, name, x] = line.split(" ");
    if (kind === "node") at.set(name, Number(x));
  }
  return rows.map((row) => Int32Array.from(row.sort((a, b) => at.get(`${a}`)! - at.get(`${b}`)!)));
}

const CASES: [string, Chain][] = [
  ...[1, 2, 3, 4].map((seed): [string, Chain] => [`a project of 30 runs (seed ${seed})`, project(seed, 30)]),
  ...[5, 6, 7].map((seed): [string, Chain] => [`a project of 120 runs (seed ${seed})`, project(seed, 120)]),
  ...[8, 9, 10].map((seed): [string, Chain] => [`60 nodes anyhow (seed ${seed})`, scattered(seed, 60)]),
  ...[11, 12].map((seed): [string, Chain] => [`250 nodes anyhow (seed ${seed})`, scattered(seed, 250)]),
];

test.each(CASES)("%s has at most 1.15 times Graphviz's crossings", (_, chain) => {
  const [ours, theirs] = [count(chain, finished(arrange(chain)).order), count(chain, byGraphviz(chain))];
  expect(ours).toBeLessThanOrEqual(MOST * theirs);
}, 60_000);
