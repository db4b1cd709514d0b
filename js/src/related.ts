// Walks along the arrows: what led to a node and what came of it.

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

/** Everything that leads to an item, and everything that came of it. */
export function related(view: View, start: number): Set<number> {
  return reached(view, [start], Infinity);
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

/** The items on a shortest way from one to another along the arrows, either way; [] if none. */
export function wayBetween(view: View, from: number, to: number): number[] {
  if (from < 0 || to < 0 || from === to) return [];
  const ahead = shortest(nexts(view, true), from, to);
  return ahead.length ? ahead : shortest(nexts(view, true), to, from);
}

function shortest(next: number[][], from: number, to: number): number[] {
  const came = new Map([[from, -1]]);
  let rim = [from];
  while (rim.length && !came.has(to)) {
    const further: number[] = [];
    for (const at of rim) {
      for (const each of next[at]) {
        if (came.has(each)) continue;
        came.set(each, at);
        further.push(each);
      }
    }
    rim = further;
  }
  const way: number[] = [];
  for (let at = came.has(to) ? to : -1; at >= 0; at = came.get(at)!) way.unshift(at);
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
