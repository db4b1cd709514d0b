// How the project grew: what of a view was there at each moment, and playing it.
//
// A moment is a time at which runs or versions came. A position is a moment's place in the
// list; between two moments it is a fraction, and time goes evenly there.

import type { View } from "./view";

export interface Growth {
  /** Rising, in s since the epoch. */
  moments: Float64Array;
  /** How many runs and versions were there, at each moment. */
  counts: Int32Array;
  /** When the first part of each item came, and the first edge of each arrow, by position. */
  items: Int32Array;
  arrows: Int32Array;
  /** How many parts of an item were there at a position. */
  parts(item: number, position: number): number;
}

export function growthOf(view: View): Growth {
  const { nodes, sources, targets } = view.graph;
  const shown = [...nodes.keys()].filter((place) => view.of[place] >= 0);
  const times = Float64Array.from(shown, (place) => nodes[place].time).sort();
  const moments = times.filter((time, i) => i === 0 || time !== times[i - 1]);
  const counts = new Int32Array(moments.length);
  const came = new Int32Array(nodes.length).fill(-1);
  for (const place of shown) counts[(came[place] = placeOf(moments, nodes[place].time))]++;
  for (let i = 1; i < counts.length; i++) counts[i] += counts[i - 1];

  const items = Int32Array.from(view.items, ({ members }) => members.reduce((first, place) => Math.min(first, came[place]), moments.length));
  const keyed = new Map(view.arrows.map(({ source, target }, n) => [source * view.items.length + target, n]));
  const arrows = new Int32Array(view.arrows.length).fill(moments.length);
  sources.forEach((source, n) => {
    const [from, to] = [view.of[source], view.of[targets[n]]];
    if (from < 0 || to < 0) return;
    // Both ends have to be there: a version is often older than the run that used it.
    const arrow = keyed.get(from * view.items.length + to);
    if (arrow !== undefined) arrows[arrow] = Math.min(arrows[arrow], Math.max(came[source], came[targets[n]]));
  });

  const sorted = new Map<number, Int32Array>();
  const parts = (item: number, position: number) => {
    let all = sorted.get(item);
    if (!all) sorted.set(item, (all = Int32Array.from(view.items[item].members, (place) => came[place]).sort()));
    return placeOf(all, position) + 1;
  };
  return { moments, counts, items, arrows, parts };
}

/** The place of the last value that is not above another, -1 where all are. */
function placeOf(values: Float64Array | Int32Array, most: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= most) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function positionOf(moments: Float64Array, time: number): number {
  const at = placeOf(moments, time);
  if (at < 0) return 0;
  if (at + 1 >= moments.length) return at;
  return at + (time - moments[at]) / (moments[at + 1] - moments[at]);
}

/** The time at a position; at the last and beyond, for good: what comes then is shown too. */
export function timeAt(moments: Float64Array, position: number): number {
  const at = Math.floor(position);
  if (at + 1 >= moments.length) return Infinity;
  return moments[at] + (position - at) * (moments[at + 1] - moments[at]);
}

/** From 0, not there, to 1: what came at `came` fades in while the position goes there. */
export function arrived(came: number, position: number): number {
  return Math.min(1, Math.max(0, position - came + 1));
}

const LONGEST = 15_000;
const EACH = 350;
/** Without motion: not oftener than this, and so many steps in all. */
const CALM = 700;
const CALM_STEPS = 16;

/**
 * Play from where one is to the end, until `signal` aborts. `where` gives moments and position,
 * asked anew each time, as both may change meanwhile; `go` is told positions.
 */
export function play(where: () => { count: number; position: number }, go: (position: number) => void, calm: boolean, signal: AbortSignal) {
  let before = performance.now();
  const step = (now: number) => {
    if (signal.aborted) return;
    const { count, position } = where();
    const past = Math.max(0, now - before);
    if (calm) {
      if (past >= CALM) {
        before = now;
        go(Math.min(count - 1, Math.floor(position) + Math.ceil(count / CALM_STEPS)));
      }
    } else {
      before = now;
      go(Math.min(count - 1, position + past / Math.min(EACH, LONGEST / count)));
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
