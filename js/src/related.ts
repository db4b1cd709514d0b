// Walks along the arrows: what led to a node and what came of it.

import { linksOf, nodesWithin } from "./links";
import type { View } from "./view";

/** For each item, where its arrows go. */
function nexts(view: View, forward: boolean): number[][] {
  const next = view.items.map((): number[] => []);
  for (const { source, target } of view.arrows) {
    if (forward) next[source].push(target);
    else next[target].push(source);
  }
  return next;
}

/** What is drawn brighter: items, and arrows as `source>target`. */
export interface Lit {
  items: Set<number>;
  arrows: Set<string>;
}

/**
 * Everything that leads to an item, and everything that came of it: by the versions and runs
 * themselves, as along the arrows between groups each would lead to nearly all.
 */
export function related({ graph, of, items }: View, start: number): Lit {
  const found = nodesWithin(graph, items[start].members, Infinity, null);
  const lit: Lit = { items: new Set(), arrows: new Set() };
  of.forEach((at, place) => at >= 0 && found[place] && lit.items.add(at));
  graph.sources.forEach((source, n) => {
    const target = graph.targets[n];
    if (found[source] && found[target]) lit.arrows.add(`${of[source]}>${of[target]}`);
  });
  return lit;
}

function reached(view: View, starts: number[], depth: number): Set<number> {
  const found = new Set(starts);
  for (const forward of [true, false]) {
    const next = nexts(view, forward);
    const seen = new Set(starts);
    let rim = starts;
    for (let step = 0; step < depth && rim.length; step++) {
      rim = [...new Set(rim.flatMap((at) => next[at]))].filter((at) => !seen.has(at));
      for (const at of rim) found.add(at), seen.add(at);
    }
  }
  return found;
}

/** The items on a shortest way that data took from one to another, either way; [] if none. */
export function wayBetween(view: View, from: number, to: number): number[] {
  if (from < 0 || to < 0 || from === to) return [];
  const ahead = shortest(view, from, to);
  return ahead.length ? ahead : shortest(view, to, from);
}

function shortest({ graph, of, items }: View, from: number, to: number): number[] {
  const { first, ends } = linksOf(graph).after;
  const came = new Map(items[from].members.map((place) => [place, -1]));
  let rim = [...came.keys()];
  let end = -1;
  while (rim.length && end < 0) {
    const further: number[] = [];
    for (const at of rim) {
      for (const next of ends.subarray(first[at], first[at + 1])) {
        if (came.has(next) || of[next] < 0) continue;
        came.set(next, at);
        further.push(next);
        if (of[next] === to) end = next;
      }
    }
    rim = further;
  }
  const way: number[] = [];
  for (let at = end; at >= 0; at = came.get(at)!) if (way[0] !== of[at]) way.unshift(of[at]);
  return way;
}

/** The part of a view within `depth` steps, forth and back, of some of its items. */
export function neighbourhood(view: View, starts: number[], depth: number): View {
  const found = reached(view, starts, depth);
  const now = new Int32Array(view.items.length).fill(-1);
  const items = view.items.filter((_, i) => found.has(i));
  let count = 0;
  view.items.forEach((_, i) => found.has(i) && (now[i] = count++));
  return {
    level: view.level,
    items,
    arrows: view.arrows
      .filter(({ source, target }) => found.has(source) && found.has(target))
      .map(({ source, target, count: edges }) => ({ source: now[source], target: now[target], count: edges })),
    place: new Map(items.map((item, i) => [item.id, i])),
    graph: view.graph,
    of: view.of.map((at) => (at < 0 ? -1 : now[at])),
  };
}
