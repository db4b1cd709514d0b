// Which current versions were made from what has been replaced since.

import { linksOf } from "./links";
import type { Graph, Instance } from "./protocol";

/**
 * For each stale version, the inputs that are to blame. Only the current version of a name can
 * be stale: others were replaced themselves. Stale is what the run that made it last made from a
 * version that is no longer current, or from one that is stale; but not what its cell makes no
 * longer, nor what the run made beside the current version of that input. It is the rule of `artnb/stale.py`, which knows more reasons besides.
 */
export function staleness(graph: Graph): Map<number, number[]> {
  const present = known.get(graph);
  if (present) return present;
  const current = currentVersions(graph);
  const { before: { first, ends }, after } = linksOf(graph);
  const found = new Map<number, number[]>();
  const seen = new Uint8Array(graph.nodes.length);
  const isCurrent = (at: number) => current.get(graph.nodes[at].name) === at;
  /** Whether a run made the current version of a name itself: what else it made goes with that. */
  const madeCurrent = (run: number, name: string) => {
    for (let n = after.first[run]; n < after.first[run + 1]; n++) {
      if (isCurrent(after.ends[n]) && graph.nodes[after.ends[n]].name === name) return true;
    }
    return false;
  };
  const blame = (at: number) => {
    const { name, left } = graph.nodes[at];
    if (left || !isCurrent(at)) return;
    let maker = -1;
    for (let n = first[at]; n < first[at + 1]; n++) {
      if (maker < 0 || graph.nodes[ends[n]].state !== "deleted") maker = ends[n];
    }
    const blamed = new Set<number>();
    for (let m = maker < 0 ? 0 : first[maker]; maker >= 0 && m < first[maker + 1]; m++) {
      const input = graph.nodes[ends[m]].name;
      const isOld = current.has(input) && (!isCurrent(ends[m]) || found.has(ends[m]));
      if (isOld && input !== name && !madeCurrent(maker, input)) blamed.add(ends[m]);
    }
    if (blamed.size) found.set(at, [...blamed]);
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
  for (const at of current.values()) if (!seen[at]) visit(at);
  known.set(graph, found);
  return found;
}

const known = new WeakMap<Graph, Map<number, number[]>>();

/** By name, the place of the version called `latest`, else of the highest number that was not deleted. */
export function currentVersions(graph: Graph): Map<string, number> {
  const current = new Map<string, number>();
  const rank = ({ aliases, number }: Instance) => (aliases.includes("latest") ? Infinity : number);
  graph.nodes.forEach((node, at) => {
    if (node.isRun || node.state === "deleted") return;
    const before = current.get(node.name);
    if (before === undefined || rank(graph.nodes[before]) < rank(node)) current.set(node.name, at);
  });
  return current;
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
