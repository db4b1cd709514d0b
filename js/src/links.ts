// The edges of a graph by node: for each, where data came from and where they went. Made once
// for each graph, in arrays, as a graph may have a hundred thousand nodes.

import type { Graph } from "./protocol";

/** Of node n: ends[first[n]] up to ends[first[n + 1]]. */
export interface Links {
  first: Int32Array;
  ends: Int32Array;
}

const known = new WeakMap<Graph, { before: Links; after: Links }>();

export function linksOf(graph: Graph): { before: Links; after: Links } {
  let found = known.get(graph);
  if (!found) {
    const { nodes, sources, targets } = graph;
    known.set(graph, (found = { before: linked(nodes.length, targets, sources), after: linked(nodes.length, sources, targets) }));
  }
  return found;
}

function linked(count: number, from: Uint32Array, to: Uint32Array): Links {
  const first = new Int32Array(count + 1);
  for (let n = 0; n < from.length; n++) first[from[n] + 1]++;
  for (let i = 0; i < count; i++) first[i + 1] += first[i];
  const next = first.slice();
  const ends = new Int32Array(from.length);
  for (let n = 0; n < from.length; n++) ends[next[from[n]]++] = to[n];
  return { first, ends };
}

/** For each node, 1 if it is among some, or at most `depth` steps forth or back from one, by nodes that may be shown. */
export function nodesWithin(graph: Graph, starts: number[], depth: number, kept: Uint8Array | null): Uint8Array {
  const found = new Uint8Array(graph.nodes.length);
  const { before, after } = linksOf(graph);
  for (const { first, ends } of [after, before]) {
    const seen = new Uint8Array(graph.nodes.length);
    for (const start of starts) seen[start] = found[start] = 1;
    let rim = starts;
    for (let step = 0; step < depth && rim.length; step++) {
      const further: number[] = [];
      for (const at of rim) {
        for (let n = first[at]; n < first[at + 1]; n++) {
          const next = ends[n];
          if (seen[next] || (kept && !kept[next])) continue;
          seen[next] = found[next] = 1;
          further.push(next);
        }
      }
      rim = further;
    }
  }
  return found;
}
