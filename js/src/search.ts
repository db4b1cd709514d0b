// What the search box finds.

import { label } from "./groups";
import type { Graph, Instance } from "./protocol";

/** Nodes whose label, type, alias, tag or state holds every word: of that name, beginning so, the others; newest first. */
export function search(graph: Graph, text: string, most = 12): Instance[] {
  const words = wordsOf(text);
  if (!words.length) return [];
  const hays = haysOf(graph);
  const found: { node: Instance; rank: number }[] = [];
  const whole = words.join(" ");
  graph.nodes.forEach((node, i) => {
    if (!words.every((word) => hays[i].includes(word))) return;
    // A label is what its hay begins with.
    const rank = hays[i].startsWith(`${whole} `) ? 2 : +hays[i].startsWith(whole);
    // By time, as the graph lists all versions before all runs; of the same time, the later one.
    let at = found.length;
    while (at > 0 && (found[at - 1].rank - rank || found[at - 1].node.time - node.time) <= 0) at--;
    if (at === most) return;
    found.splice(at, 0, { node, rank });
    if (found.length > most) found.pop();
  });
  return found.map(({ node }) => node);
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The files whose path holds every word. */
export function filesCalled<T extends { path: string }>(files: T[], text: string): T[] {
  const words = wordsOf(text);
  return files.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
}

const known = new WeakMap<Graph, string[]>();

/** What is searched of each node; made once, better before the first letter is typed. */
export function haysOf(graph: Graph): string[] {
  let hays = known.get(graph);
  if (!hays) known.set(graph, (hays = graph.nodes.map(hayOf)));
  return hays;
}

function hayOf(node: Instance): string {
  return `${label(node)} ${node.type} ${node.aliases.map((alias) => `${node.name}:${alias}`).join(" ")} ${node.tags.join(" ")} ${node.state}`.toLowerCase();
}
