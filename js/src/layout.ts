// A layered layout, from left to right or from top to bottom: a pure function of the graph, and
// of where nodes stood.
//
// 1. Arrows that close a cycle are turned round for the layout alone. 2. Layers by longest
// path, sources pulled right to what they feed. 3. An arrow over several layers gets a dummy
// in each (layered/layers.ts). 4. Order within layers with few crossings (layered/order.ts).
// 5. Columns and heights, tall layers folded (layered/place.ts). Components are laid out one
// by one and packed side by side, nodes without arrows go in rows below (layered/assemble.ts).
// The steps follow Sugiyama, Tagawa and Toda (1981) and Gansner et al. (1993).
//
// A component is always laid out from left to right. For the other direction it is given with
// widths and heights exchanged, and what comes of it is turned.

import { alongside, assembled, packed, single, standing, type Part } from "./layered/assemble";
import { assignLayers, breakCycles, withDummies, type Chain } from "./layered/layers";
import { arrange } from "./layered/order";
import { place, SPACING } from "./layered/place";
import { finished, type Steps } from "./layered/steps";

export const DIRECTIONS = ["right", "down"] as const;
/** Where arrows go. */
export type Direction = (typeof DIRECTIONS)[number];

export interface Size {
  width: number;
  height: number;
}
export interface LayoutInput {
  sizes: Size[];
  arrows: { source: number; target: number }[];
  /** Width by height that the picture should have about. */
  aspect?: number;
  direction?: Direction;
  /** Where nodes stood before, NaN for those that are new: they keep their order. */
  before?: Before;
}
export interface Before {
  x: Float64Array;
  y: Float64Array;
  /** The bends of each arrow that was there. */
  bends?: ([number, number][] | undefined)[];
  /** Nothing went: nodes that stay keep their heights too, as far as there is room. */
  grown: boolean;
}
export interface Layout {
  /** Centres. */
  x: Float64Array;
  y: Float64Array;
  /** For each arrow, the points between its two nodes, from source to target. */
  bends: [number, number][][];
  width: number;
  height: number;
  direction: Direction;
}

const ASPECT = 1.6;

export function layout(input: LayoutInput): Layout {
  return finished(layoutSteps(input));
}

export function* layoutSteps(input: LayoutInput): Steps<Layout> {
  const n = input.sizes.length;
  const { before, aspect = ASPECT, direction = "right" } = input;
  const { linked, alone } = components(n, input.arrows, before);
  const within = new Int32Array(n).fill(-1);
  const at = new Int32Array(n);
  linked.forEach((nodes, i) => nodes.forEach((node, place) => ((within[node] = i), (at[node] = place))));
  const arrowsOf = linked.map((): number[] => []);
  input.arrows.forEach(({ source, target }, i) => source !== target && arrowsOf[within[source]].push(i));
  const parts: Part[] = [];
  for (const [i, nodes] of linked.entries()) parts.push(yield* layoutPart(input, nodes, at, arrowsOf[i], aspect));
  const singles = alone.map((node) => single(node, input.sizes[node]));
  const stood = before?.grown ? standing(parts, singles, before) : null;
  const all = assembled([...parts, ...singles], stood ?? packed(parts, singles, aspect), n, input.arrows.length);
  return { ...(before && !stood ? alongside(all, before) : all), direction };
}

function components(n: number, arrows: { source: number; target: number }[], before?: Before) {
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const find = (i: number) => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  const touched = new Uint8Array(n);
  for (const { source, target } of arrows) {
    if (source === target) continue;
    touched[source] = touched[target] = 1;
    parent[find(source)] = find(target);
  }
  const groups = new Map<number, number[]>();
  const alone: number[] = [];
  for (let i = 0; i < n; i++) {
    if (!touched[i]) alone.push(i);
    else {
      const root = find(i);
      const group = groups.get(root);
      if (group) group.push(i);
      else groups.set(root, [i]);
    }
  }
  // Those that were there come in the order in which they stood, new ones after them.
  const stood = (group: number[]) =>
    group.reduce((least, i) => {
      const at = before && before.y[i] === before.y[i] ? before.y[i] * 1e6 + before.x[i] : Infinity;
      return Math.min(least, at);
    }, Infinity);
  const rank = new Map([...groups.values()].map((group) => [group, stood(group)]));
  const linked = [...groups.values()].sort(
    (a, b) => compare(rank.get(a)!, rank.get(b)!) || b.length - a.length || a[0] - b[0],
  );
  return { linked, alone };
}

const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);

/** `at` has for each node its place among those of its component. */
function* layoutPart(input: LayoutInput, nodes: number[], at: Int32Array, arrows: number[], aspect: number): Steps<Part> {
  const { before, direction = "right" } = input;
  const down = direction === "down";
  const from = arrows.map((arrow) => at[input.arrows[arrow].source]);
  const to = arrows.map((arrow) => at[input.arrows[arrow].target]);
  const turned = breakCycles(nodes.length, from, to);
  const low = from.map((_, i) => (turned[i] ? to[i] : from[i]));
  const high = to.map((_, i) => (turned[i] ? from[i] : to[i]));
  const chain = withDummies(nodes.length, low, high, assignLayers(nodes.length, low, high));
  yield;
  const prior = before ? priorOf(before, down, nodes, chain, arrows, turned) : null;
  const { order, kept } = yield* arrange(chain, prior);
  const sizes = nodes.map((node) => (down ? exchanged(input.sizes[node]) : input.sizes[node]));
  const ends = low.map((start, i): [number, number] => [start, high[i]]);
  const shape = { aspect: down ? 1 / aspect : aspect, ...SPACING[direction] };
  const placed = yield* place(chain, order, sizes, ends, shape, before?.grown && kept ? prior : null);
  const bends = placed.bends.map((points, i) => (turned[i] ? points.reverse() : points));
  const part = { ...placed, nodes, arrows, bends };
  return down ? downward(part) : part;
}

const exchanged = ({ width, height }: Size): Size => ({ width: height, height: width });

/** The same from top to bottom. */
function downward(part: Part): Part {
  for (const points of part.bends) for (const point of points) point.reverse();
  return { ...part, ...exchanged(part), x: part.y, y: part.x };
}

/** Where, across their layers, nodes stood and arrows passed; NaN for what is new. */
function priorOf(before: Before, down: boolean, nodes: number[], chain: Chain, arrows: number[], turned: Uint8Array): Float64Array | null {
  const prior = new Float64Array(chain.count).fill(NaN);
  const stood = down ? before.x : before.y;
  nodes.forEach((node, i) => (prior[i] = stood[node]));
  if (prior.every((at) => at !== at)) return null;
  chain.chains.forEach((dummies, i) => {
    const points = before.bends?.[arrows[i]];
    // Two for each dummy, unless a layer was folded or has come or gone between.
    if (points?.length !== 2 * dummies.length) return;
    dummies.forEach((dummy, at) => (prior[dummy] = points[2 * (turned[i] ? dummies.length - 1 - at : at)][down ? 0 : 1]));
  });
  return prior;
}
