// From the graph of instances to what is drawn: collapsed by type, or one by one.

import type { Graph, Instance } from "./protocol";

export type Level = "types" | "instances";

/** One thing that is drawn. */
export interface Item {
  id: string;
  isRun: boolean;
  type: string;
  title: string;
  note: string;
  badges: string[];
  state: string;
  /** Places of the instances that it stands for. */
  members: number[];
}

export interface Arrow {
  source: number;
  target: number;
  /** How many edges it stands for. */
  count: number;
}

export interface View {
  level: Level;
  items: Item[];
  arrows: Arrow[];
  place: Map<string, number>;
}

export function typeId(node: Instance): string {
  return `${node.isRun ? "j" : "t"}:${node.type}`;
}

export function label(node: Instance): string {
  return node.isRun ? node.name : `${node.name}:v${node.number}`;
}

const WORST_FIRST = ["damaged", "failed", "crashed", "running", "deleted"];

export function viewOf(graph: Graph, level: Level): View {
  return level === "types" ? types(graph) : instances(graph);
}

function instances(graph: Graph): View {
  const items = graph.nodes.map((node, place): Item => ({
    id: node.id,
    isRun: node.isRun,
    type: node.type,
    title: label(node),
    note: node.type,
    badges: node.aliases,
    state: node.state,
    members: [place],
  }));
  const arrows = merge(graph, (place) => place);
  return { level: "instances", items, arrows, place: places(items) };
}

function types(graph: Graph): View {
  const items: Item[] = [];
  const known = new Map<string, number>();
  const of = new Uint32Array(graph.nodes.length);
  graph.nodes.forEach((node, place) => {
    const id = typeId(node);
    let at = known.get(id);
    if (at === undefined) {
      at = items.length;
      known.set(id, at);
      items.push({
        id, isRun: node.isRun, type: node.type, title: node.type, note: "", badges: [], state: "", members: [],
      });
    }
    of[place] = at;
    items[at].members.push(place);
  });
  for (const item of items) {
    const count = item.members.length;
    item.note = `${count} ${item.isRun ? "run" : "version"}${count === 1 ? "" : "s"}`;
    const states = new Set(item.members.map((place) => graph.nodes[place].state));
    item.state = WORST_FIRST.find((state) => states.has(state)) ?? "";
  }
  return { level: "types", items, arrows: merge(graph, (place) => of[place]), place: known };
}

function merge(graph: Graph, of: (place: number) => number): Arrow[] {
  const arrows = new Map<string, Arrow>();
  graph.sources.forEach((from, n) => {
    const source = of(from);
    const target = of(graph.targets[n]);
    const key = `${source}>${target}`;
    const present = arrows.get(key);
    if (present) present.count++;
    else arrows.set(key, { source, target, count: 1 });
  });
  return [...arrows.values()];
}

function places(items: Item[]): Map<string, number> {
  return new Map(items.map((item, place) => [item.id, place]));
}

/** What a search finds: nodes whose label, type or alias holds every word. */
export function search(graph: Graph, text: string, most = 12): Instance[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = graph.nodes.filter((node) => {
    const hay = `${label(node)} ${node.type} ${node.aliases.join(" ")} ${node.state}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
  // Newest first: what one looks for is mostly what one just made. By time, as the graph
  // lists all versions before all runs.
  return found.reverse().sort((a, b) => b.time - a.time).slice(0, most);
}

/** Everything that leads to an item, and everything that came of it. */
export function related(view: View, start: number): Set<number> {
  const found = new Set([start]);
  for (const forward of [true, false]) {
    const next = new Map<number, number[]>();
    for (const { source, target } of view.arrows) {
      const [a, b] = forward ? [source, target] : [target, source];
      (next.get(a) ?? next.set(a, []).get(a)!).push(b);
    }
    const stack = [start];
    const seen = new Set(stack);
    while (stack.length) {
      for (const each of next.get(stack.pop()!) ?? []) {
        if (!seen.has(each)) {
          seen.add(each);
          found.add(each);
          stack.push(each);
        }
      }
    }
  }
  return found;
}
