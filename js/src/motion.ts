// How a picture becomes the next: nodes that stay go from their old places to their new ones,
// parts come out of their group, a group gathers where its parts were.

import type { Layout } from "./layout";
import type { View } from "./view";

export const LASTS = 320;
/** Above this many nodes a picture is changed at once. */
const MOST = 4_000;

export interface Picture {
  view: View;
  layout: Layout;
}

export interface Motion {
  x: Float64Array;
  y: Float64Array;
  /** 1 for nodes that were not there: they fade in. */
  fresh: Uint8Array;
}

/** Where the nodes of `after` begin, or null where there is nothing to be followed. */
export function motionBetween(before: Picture, after: Picture): Motion | null {
  const count = after.view.items.length;
  if (!before.view.items.length || !count || Math.max(count, before.view.items.length) > MOST) return null;
  const x = Float64Array.from(after.layout.x);
  const y = Float64Array.from(after.layout.y);
  const fresh = new Uint8Array(count);
  after.view.items.forEach((item, i) => {
    const stood = before.view.place.get(item.id);
    if (stood !== undefined) {
      x[i] = before.layout.x[stood];
      y[i] = before.layout.y[stood];
      return;
    }
    fresh[i] = 1;
    const from = before.view.graph === after.view.graph ? holdersOf(item.members, before.view) : [];
    if (!from.length) return;
    x[i] = mean(from.map((at) => before.layout.x[at]));
    y[i] = mean(from.map((at) => before.layout.y[at]));
  });
  return { x, y, fresh };
}

/** Where the nodes of a view stood in the picture before, NaN for those that were not there. */
export function placesBefore(before: Picture, view: View) {
  const x = new Float64Array(view.items.length).fill(NaN);
  const y = new Float64Array(view.items.length).fill(NaN);
  let stayed = 0;
  const [was, is] = [linked(before.view), linked(view)];
  view.items.forEach((item, i) => {
    const stood = before.view.place.get(item.id);
    if (stood === undefined) return;
    stayed++;
    // A run begins alone: its first arrow, not where it waited, says where it belongs.
    if (is[i] && !was[stood]) return;
    x[i] = before.layout.x[stood];
    y[i] = before.layout.y[stood];
  });
  const passed = new Map(
    before.view.arrows.map(({ source, target }, n) => [`${before.view.items[source].id}>${before.view.items[target].id}`, before.layout.bends[n]]),
  );
  const bends = view.arrows.map(({ source, target }) => passed.get(`${view.items[source].id}>${view.items[target].id}`));
  // One may go where others come: a group that was exploded.
  return { x, y, bends, grown: stayed >= before.view.items.length - 1 && view.items.length >= before.view.items.length, stayed };
}

/** For each item, 1 if an arrow comes or goes. */
function linked(view: View): Uint8Array {
  const found = new Uint8Array(view.items.length);
  for (const { source, target } of view.arrows) if (source !== target) found[source] = found[target] = 1;
  return found;
}

function holdersOf(members: number[], view: View): number[] {
  return [...new Set(members.map((place) => view.of[place]))].filter((at) => at >= 0);
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
export const eased = (t: number) => 1 - (1 - t) ** 3;
