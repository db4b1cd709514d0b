// Which newest versions were made from what has been replaced since.

import type { Graph } from "./protocol";

/**
 * For each stale version, the inputs that are to blame. Only the newest version of a name can
 * be stale: older ones were replaced themselves. Stale is what every run that made it made
 * from a version that is no longer the newest of its name, or from one that is stale.
 */
export function staleness(graph: Graph): Map<number, number[]> {
  const newest = newestVersions(graph);
  const before = graph.nodes.map((): number[] => []);
  graph.sources.forEach((source, n) => before[graph.targets[n]].push(source));
  const found = new Map<number, number[]>();
  const seen = new Set<number>();
  const visit = (start: number) => {
    // Inputs first, without recursion: a project's history may be deep.
    const stack = [start];
    while (stack.length) {
      const at = stack[stack.length - 1];
      if (!seen.has(at)) {
        seen.add(at);
        for (const run of before[at]) for (const input of before[run]) if (!seen.has(input)) stack.push(input);
        continue;
      }
      stack.pop();
      const blamed = before[at].map((run) => before[run].filter((input) => isOld(input, at)));
      if (blamed.length && blamed.every((inputs) => inputs.length)) found.set(at, [...new Set(blamed.flat())]);
    }
  };
  const isOld = (input: number, of: number) => {
    const { name } = graph.nodes[input];
    return name !== graph.nodes[of].name && (newest.get(name) !== input || found.has(input));
  };
  for (const at of newest.values()) if (!seen.has(at)) visit(at);
  for (const at of found.keys()) if (newest.get(graph.nodes[at].name) !== at) found.delete(at);
  return found;
}

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
  const nodes = graph.nodes.map((node, at) => (stale.has(at) && node.state === "live" ? { ...node, state: "stale" } : node));
  return { ...graph, nodes };
}
