// From the graph of instances to what is drawn: by type, by name or one by one; single groups
// exploded or folded; all of it, what passes a filter, or what is around a node.

import { clustered } from "./clusters";
import { groupsOf, label, type Groups } from "./groups";
import { nodesWithin } from "./links";
import type { Graph } from "./protocol";
import { neighbourhood } from "./related";
import { describe, LEVELS, type Arrow, type Item, type Level, type View } from "./view";

/** What a person changed of a level, and how much of the graph is looked at. */
export interface Shape {
  /** Groups shown by their parts though the level folds them. */
  opened: ReadonlySet<string>;
  /** Groups shown as one though the level explodes them. */
  folded: ReadonlySet<string>;
  /** Groups that are never gathered into a cluster. */
  loose: ReadonlySet<string>;
  /** A node, and how many steps along the arrows are shown of what led to it and came of it. */
  around: { id: string; depth: number; parts?: string[] } | null;
  /** For each instance, 1 if it may be shown; null for all. */
  kept: Uint8Array | null;
}

const NONE: ReadonlySet<string> = new Set();
export const WHOLE: Shape = { opened: NONE, folded: NONE, loose: NONE, around: null, kept: null };

export function viewOf(graph: Graph, level: Level, shape: Partial<Shape> = {}): View {
  const full = { ...WHOLE, ...shape };
  const centres = full.around?.parts ?? (full.around ? [full.around.id] : []);
  if (full.around && level === "instances" && !full.folded.size) {
    // Nothing is grouped: what is near is found before all the rest is made into items.
    const starts = centres.flatMap((id) => placesOf(graph, id)).filter((place) => !full.kept || full.kept[place]);
    return grouped(graph, level, { ...full, kept: nodesWithin(graph, starts, full.around.depth, full.kept) });
  }
  let view = grouped(graph, level, full);
  if (level !== "types" || full.opened.size) view = clustered(view, graph, level, full.loose);
  if (!full.around) return view;
  const starts = new Set(centres.flatMap((id) => holders(graph, view, id)));
  return neighbourhood(view, [...starts], full.around.depth);
}

function grouped(graph: Graph, level: Level, shape: Shape): View {
  const groups = groupsOf(graph);
  const parted = partedGroups(groups, level, shape);
  const items: Item[] = [];
  const place = new Map<string, number>();
  const of = new Int32Array(graph.nodes.length).fill(-1);
  const itemOf = new Int32Array(groups.all.length).fill(-1);
  const add = (item: Item) => (place.set(item.id, items.length), items.push(item) - 1);
  for (let i = 0; i < graph.nodes.length; i++) {
    if (shape.kept && !shape.kept[i]) continue;
    const [type, name] = [groups.type[i], groups.name[i]];
    const group = !parted[type] ? type : name >= 0 && !parted[name] ? name : -1;
    if (group < 0) of[i] = add(instance(graph, i));
    else {
      if (itemOf[group] < 0) itemOf[group] = add(empty(groups, group));
      of[i] = itemOf[group];
      items[of[i]].members.push(i);
    }
  }
  for (const item of items) if (item.kind !== "instance") describe(item, graph);
  return { level, items, arrows: merge(graph, of, items.length), place, graph, of };
}

/** For each group, whether its parts are drawn in its place. */
function partedGroups({ all }: Groups, level: Level, shape: Shape): boolean[] {
  const rank = LEVELS.indexOf(level);
  return all.map(({ id, isRun, within }) => {
    if (shape.folded.has(id)) return false;
    if (shape.opened.has(id)) return true;
    if (rank >= (isRun || within >= 0 ? 2 : 1)) return true;
    // A type with one name: exploded, it would be the same node under another title.
    return within >= 0 && level === "types" && all[within].names === 1 && shape.opened.has(all[within].id);
  });
}

function instance(graph: Graph, place: number): Item {
  const node = graph.nodes[place];
  return {
    id: node.id, kind: "instance", isRun: node.isRun, type: node.type, title: label(node), note: node.type,
    badges: node.aliases, state: node.state, members: [place],
  };
}

function empty(groups: Groups, place: number): Item {
  const { id, isRun, type, title, within } = groups.all[place];
  return { id, kind: within < 0 ? "type" : "name", isRun, type, title, note: "", badges: [], state: "", members: [] };
}

/** Edges between the same two items are one arrow. */
function merge({ sources, targets }: Graph, of: Int32Array, count: number): Arrow[] {
  const arrows = new Map<number, Arrow>();
  for (let n = 0; n < sources.length; n++) {
    const [source, target] = [of[sources[n]], of[targets[n]]];
    if (source < 0 || target < 0) continue;
    const key = source * count + target;
    const present = arrows.get(key);
    if (present) present.count++;
    else arrows.set(key, { source, target, count: 1 });
  }
  return [...arrows.values()];
}

/** The items that show an instance, or a part of a group; none where all of it is hidden. */
export function holders(graph: Graph, view: View, id: string): number[] {
  const own = view.place.get(id);
  if (own !== undefined) return [own];
  return [...new Set(placesOf(graph, id).map((place) => view.of[place]))].filter((at) => at >= 0);
}

/** The instances that an id stands for: itself, or all of a group. */
function placesOf(graph: Graph, id: string): number[] {
  const groups = groupsOf(graph);
  const group = groups.place.get(id) ?? -1;
  const found: number[] = [];
  for (let i = 0; i < graph.nodes.length; i++) {
    if (group < 0 ? graph.nodes[i].id === id : groups.type[i] === group || groups.name[i] === group) found.push(i);
  }
  return found;
}
