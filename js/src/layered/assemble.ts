// Parts of a graph, each laid out by itself, put together into one picture.

import type { Before, Layout, Size } from "../layout";
import { pack } from "./pack";
import { GAP_Y, shift } from "./place";

const GAP = 44;
/** Parts are compared with one another up to this many. */
const MOST_COMPARED = 1_500;

/** A component, or a node without arrows: places from its own left upper corner. */
export interface Part {
  nodes: number[];
  arrows: number[];
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  bends: [number, number][][];
  width: number;
  height: number;
}

type Corner = [number, number];
type Placed = Omit<Layout, "direction">;

export function single(node: number, { width, height }: Size): Part {
  return { nodes: [node], arrows: [], x: [width / 2], y: [height / 2], bends: [], width, height };
}

export function assembled(parts: Part[], corners: Corner[], nodes: number, arrows: number): Placed {
  const x = new Float64Array(nodes);
  const y = new Float64Array(nodes);
  const bends = Array.from({ length: arrows }, (): [number, number][] => []);
  let [width, height] = [0, 0];
  parts.forEach((part, i) => {
    const [left, top] = corners[i];
    part.nodes.forEach((node, at) => {
      x[node] = part.x[at] + left;
      y[node] = part.y[at] + top;
    });
    shift(part.bends, left, top);
    part.arrows.forEach((arrow, at) => (bends[arrow] = part.bends[at]));
    width = Math.max(width, left + part.width);
    height = Math.max(height, top + part.height);
  });
  return { x, y, bends, width, height };
}

/** Components side by side, and below them nodes without arrows in rows. */
export function packed(linked: Part[], alone: Part[], aspect: number): Corner[] {
  const corners = pack(linked, aspect, GAP);
  const end = extent(linked, corners);
  const area = alone.reduce((sum, part) => sum + (part.width + GAP_Y) * (part.height + GAP_Y), 0);
  const width = Math.max(end.right, 700, Math.sqrt(area * aspect));
  return [...corners, ...inRows(alone, width, linked.length ? end.bottom + GAP : 0)];
}

function inRows(parts: Part[], width: number, from: number): Corner[] {
  let [left, top, tallest] = [0, from, 0];
  return parts.map((part): Corner => {
    if (left > 0 && left + part.width > width) {
      left = 0;
      top += tallest + GAP_Y;
      tallest = 0;
    }
    const corner: Corner = [left, top];
    left += part.width + GAP_Y;
    tallest = Math.max(tallest, part.height);
    return corner;
  });
}

function extent(parts: Part[], corners: Corner[]) {
  let [right, bottom] = [0, 0];
  parts.forEach((part, i) => {
    right = Math.max(right, corners[i][0] + part.width);
    bottom = Math.max(bottom, corners[i][1] + part.height);
  });
  return { right, bottom };
}

/** Every part where most of its nodes stood, new ones below; null where there is no room. */
export function standing(linked: Part[], alone: Part[], before: Before): Corner[] | null {
  const parts = [...linked, ...alone];
  const corners = parts.map((part) => stood(part, before));
  const known = [...parts.keys()].filter((i) => corners[i]);
  if (!known.length || known.length > MOST_COMPARED) return null;
  const free = (i: number, j: number) => {
    const [[x1, y1], [x2, y2]] = [corners[i]!, corners[j]!];
    const [a, b] = [parts[i], parts[j]];
    const near = GAP_Y - 1;
    return x1 + a.width + near <= x2 || x2 + b.width + near <= x1 || y1 + a.height + near <= y2 || y2 + b.height + near <= y1;
  };
  for (const [n, i] of known.entries()) for (const j of known.slice(n + 1)) if (!free(i, j)) return null;
  const left = Math.min(...known.map((i) => corners[i]![0]));
  const { bottom } = extent(known.map((i) => parts[i]), known.map((i) => corners[i]!));
  const fresh = [...parts.keys()].filter((i) => !corners[i]);
  const put = packed(fresh.filter((i) => i < linked.length).map((i) => parts[i]), fresh.filter((i) => i >= linked.length).map((i) => parts[i]), 1.6);
  fresh.forEach((i, at) => (corners[i] = [put[at][0] + left, put[at][1] + bottom + GAP]));
  return corners as Corner[];
}

function stood(part: Part, before: Before): Corner | null {
  const shifts = (now: ArrayLike<number>, was: Float64Array) => middle(part.nodes.map((node, at) => was[node] - now[at]));
  const [x, y] = [shifts(part.x, before.x), shifts(part.y, before.y)];
  return x === null || y === null ? null : [x, y];
}

/** The picture moved as a whole to where most of its nodes stood. */
export function alongside(done: Placed, before: Before): Placed {
  const dx = middle([...done.x].map((x, i) => before.x[i] - x)) ?? 0;
  const dy = middle([...done.y].map((y, i) => before.y[i] - y)) ?? 0;
  shift(done.bends, dx, dy);
  return { ...done, x: done.x.map((x) => x + dx), y: done.y.map((y) => y + dy) };
}

/** The median of the numbers that are numbers. */
function middle(values: number[]): number | null {
  const known = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return known[known.length >> 1] ?? null;
}
