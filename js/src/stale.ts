// Which newest versions were made from what has been replaced since.

import { linksOf } from "./links";
import type { Graph } from "./protocol";

/**
 * For each stale version, the inputs that are to blame. Only the newest version of a name can
 * be stale: older ones were replaced themselves. Stale is what every run that made it made
 * from a version that is no longer the newest of its name, or from one that is stale.
 */
export function staleness(graph: Graph): Map<number, number[]> {
  const present = known.get(graph);
  if (present) return present;
  const newest = [...newestVersions(graph).values()];
  const isNewest = new Uint8Array(graph.nodes.length);
  for (const at of newest) isNewest[at] = 1;
  const { first, ends } = linksOf(graph).before;
  const found = new Map<number, number[]>();
  const seen = new Uint8Array(graph.nodes.length);
  const blame = (at: number) => {
    const { name } = graph.nodes[at];
    const blamed: number[] = [];
    for (let n = first[at]; n < first[at + 1]; n++) {
      const run = ends[n];
      const before = blamed.length;
      for (let m = first[run]; m < first[run + 1]; m++) {
        const input = ends[m];
        if ((!isNewest[input] || found.has(input)) && graph.nodes[input].name !== name) blamed.push(input);
      }
      if (blamed.length === before) return; // this run made it from what is new
    }
    if (blamed.length) found.set(at, [...new Set(blamed)]);
  };
  const visit = (start: number) => {
    // Inputs first, without recursion: a project's history may be deep.
    const stack = [start];
    while (stack.length) {
      const at = stack[stack.length - 1];
      if (seen[at]) {
        stack.pop();
        if (seen[at] === 1) blame(at);
        seen[at] = 2;
        continue;
      }
      seen[at] = 1;
      for (let n = first[at]; n < first[at + 1]; n++) {
        const run = ends[n];
        for (let m = first[run]; m < first[run + 1]; m++) if (!seen[ends[m]]) stack.push(ends[m]);
      }
    }
  };
  for (const at of newest) if (!seen[at]) visit(at);
  for (const at of found.keys()) if (!isNewest[at]) found.delete(at);
  known.set(graph, found);
  return found;
}

const known = new WeakMap<Graph, Map<number, number[]>>();

/** By name, the place of the version with the highest number that was not deleted. */
export function newestVersions(graph: Graph): Map<string, number> {
  const newest = new Map<string, number>();
  graph.nodes.forEach((node, at) => {
    if (node.isRun || node.state === "deleted") return;
    const before = newest.get(node.name);
    if (before === undefined || graph.nodes[before].number < node.number) newest.set(node.name, at);
  });
  return newest;
}

/** The graph with `stale` as the state of what is stale and otherwise well. */
export function withStale(graph: Graph): Graph {
  const stale = staleness(graph);
  if (!stale.size) return graph;
  const nodes = [...graph.nodes];
  for (const at of stale.keys()) if (nodes[at].state === "live") nodes[at] = { ...nodes[at], state: "stale" };
  const marked = { ...graph, nodes };
  known.set(marked, stale);
  return marked;
}
