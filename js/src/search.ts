// What the search box finds.

import { label } from "./groups";
import type { Graph, Instance } from "./protocol";

/** Nodes whose label, type, alias, tag or state holds every word, newest first. */
export function search(graph: Graph, text: string, most = 12): Instance[] {
  const words = wordsOf(text);
  if (!words.length) return [];
  // By time, as the graph lists all versions before all runs.
  return graph.nodes
    .filter((node) => holds(node, words))
    .reverse()
    .sort((a, b) => b.time - a.time)
    .slice(0, most);
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

export function holds(node: Instance, words: string[]): boolean {
  const hay = `${label(node)} ${node.type} ${node.aliases.join(" ")} ${node.tags.join(" ")} ${node.state}`.toLowerCase();
  return words.every((word) => hay.includes(word));
}
