// What the search box finds.

import { label } from "./groups";
import type { Graph, Instance } from "./protocol";

/** Nodes whose label, type, alias, tag or state holds every word, newest first. */
export function search(graph: Graph, text: string, most = 12): Instance[] {
  const words = wordsOf(text);
  if (!words.length) return [];
  const hays = haysOf(graph);
  const found: Instance[] = [];
  graph.nodes.forEach((node, i) => {
    // By time, as the graph lists all versions before all runs; of the same time, the later one.
    if (found.length === most && node.time < found[most - 1].time) return;
    if (!words.every((word) => hays[i].includes(word))) return;
    let at = found.length;
    while (at > 0 && found[at - 1].time <= node.time) at--;
    found.splice(at, 0, node);
    if (found.length > most) found.pop();
  });
  return found;
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

const known = new WeakMap<Graph, string[]>();

/** What is searched of each node; made once, better before the first letter is typed. */
export function haysOf(graph: Graph): string[] {
  let hays = known.get(graph);
  if (!hays) known.set(graph, (hays = graph.nodes.map(hayOf)));
  return hays;
}

function hayOf(node: Instance): string {
  return `${label(node)} ${node.type} ${node.aliases.join(" ")} ${node.tags.join(" ")} ${node.state}`.toLowerCase();
}
