// Siblings that fold: names of one type, or job types, with the same neighbours.

import type { Graph } from "./protocol";
import { describe, type Item, type Level, type View } from "./view";
import { tn } from "./texts";

const FROM = 5;

/** The view with siblings of 5 or more as one node each, `loose` ones left alone. */
export function clustered(view: View, graph: Graph, level: Level, loose: ReadonlySet<string>): View {
  const groups = siblings(view, level, loose);
  if (!groups.length) return view;
  const now = new Int32Array(view.items.length).fill(-1);
  const leader = new Map<number, number[]>();
  for (const group of groups) leader.set(group[0], group);
  const items: Item[] = [];
  view.items.forEach((item, i) => {
    if (now[i] >= 0) return;
    const group = leader.get(i);
    for (const each of group ?? [i]) now[each] = items.length;
    items.push(group ? cluster(group.map((each) => view.items[each]), graph) : item);
  });
  const arrows = new Map<string, View["arrows"][number]>();
  for (const { source, target, count } of view.arrows) {
    const key = `${now[source]}>${now[target]}`;
    const present = arrows.get(key);
    if (present) present.count += count;
    else arrows.set(key, { source: now[source], target: now[target], count });
  }
  return {
    level: view.level,
    items,
    arrows: [...arrows.values()],
    place: new Map(items.map((item, i) => [item.id, i])),
    graph: view.graph,
    of: view.of.map((at) => (at < 0 ? -1 : now[at])),
  };
}

function siblings(view: View, level: Level, loose: ReadonlySet<string>): number[][] {
  const [before, after] = [view.items.map((): number[] => []), view.items.map((): number[] => [])];
  for (const { source, target } of view.arrows) {
    before[target].push(source);
    after[source].push(target);
  }
  const alike = new Map<string, number[]>();
  view.items.forEach((item, i) => {
    const gathers = item.kind === "name" || (item.kind === "type" && item.isRun && level === "names");
    if (!gathers || loose.has(item.id)) return;
    const around = [before[i], after[i]].map((each) => each.sort((a, b) => a - b).join());
    const key = JSON.stringify([item.isRun ? "" : item.type, item.isRun, ...around]);
    (alike.get(key) ?? alike.set(key, []).get(key)!).push(i);
  });
  return [...alike.values()].filter((group) => group.length >= FROM);
}

function cluster(parts: Item[], graph: Graph): Item {
  const [{ id, isRun, type }] = parts;
  const members = parts.flatMap((part) => part.members).sort((a, b) => a - b);
  const item: Item = {
    // Named for its first part, which stays when others come.
    id: `k:${id}`, kind: "cluster", isRun, type, members, badges: [], note: "", state: "",
    title: isRun ? tn(parts.length, "{0} job type", "{0} job types") : `${parts.length} × ${type}`,
  };
  describe(item, graph);
  return item;
}
