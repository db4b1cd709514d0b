// Where the nodes of ordered layers stand: columns from left to right, heights by pooling
// adjacent violators, each node as near to the mean of its neighbours as the order allows.
//
// A layer too tall for the picture is folded: its nodes go row by row into several columns
// side by side, and arrows reach the inner ones through the gaps between rows.

import type { Chain } from "./layers";
import type { Layer } from "./sides";
import type { Steps } from "./steps";
import type { Direction, Size } from "../layout";

export const GAP_Y = 20;
/** Between the columns of one folded layer. */
const GAP_FOLD = 40;
const LANE = GAP_Y / 2;
const DUMMY = 4;

/** What the picture should be like: its width by its height, and what each direction needs. */
export interface Shape {
  aspect: number;
  /** Between two layers. */
  gap: number;
  /** Up to this height no layer is folded: some ten nodes, which are wider than they are high. */
  lowEnough: number;
}
export const SPACING: Record<Direction, Omit<Shape, "aspect">> = {
  right: { gap: 84, lowEnough: 700 },
  down: { gap: 60, lowEnough: 1_500 },
};

/** How much more a node counts that is to stay where it stood. */
const FIRM = 1e6;

interface Row {
  nodes: number[];
  height: number;
}

export interface Placed {
  x: Float64Array;
  y: Float64Array;
  bends: [number, number][][];
  width: number;
  height: number;
}

/** Places of nodes and the bends of arrows; `prior` has heights to hold on to, else NaN. */
export function* place(chain: Chain, order: Layer[], sizes: Size[], ends: [number, number][], shape: Shape, prior: Float64Array | null): Steps<Placed> {
  const folds = foldsOf(order, sizes, shape);
  const layers = order.map((nodes, at) => rowsOf(nodes, sizes, folds[at]));
  const y = yield* settle(chain, layers, prior);
  const columns = columnsOf(layers, sizes, folds, shape.gap);
  const x = new Float64Array(sizes.length);
  const column = new Int32Array(sizes.length);
  const rowOf: Row[] = [];
  layers.forEach((rows, at) => {
    for (const row of rows) {
      row.nodes.forEach((node, i) => {
        rowOf[node] = row;
        if (node >= sizes.length) return;
        column[node] = i;
        x[node] = columns[at].centres[i];
      });
    }
  });
  const bends = ends.map(([low, high], i): [number, number][] => {
    const from = columns[chain.layer[low]];
    const to = columns[chain.layer[high]];
    const points: [number, number][] = [];
    if (low < sizes.length && column[low] < folds[chain.layer[low]] - 1) {
      const lane = y[low] + rowOf[low].height / 2 + LANE;
      points.push([from.rights[column[low]] + GAP_FOLD / 4, lane], [from.right, lane]);
    }
    for (const dummy of chain.chains[i]) {
      // Straight past the nodes of a layer, else a curve cuts their corners.
      const { left, right } = columns[chain.layer[dummy]];
      points.push([left, y[dummy]], [right, y[dummy]]);
    }
    if (column[high] > 0) {
      const lane = y[high] - rowOf[high].height / 2 - LANE;
      points.push([to.left, lane], [to.lefts[column[high]] - GAP_FOLD / 4, lane]);
    }
    return points;
  });
  return fromOrigin({ x, y, bends, width: columns.at(-1)?.right ?? 0, height: 0 }, chain, rowOf);
}

/** Move everything so that it begins at 0, with what passes outside of all nodes. */
function fromOrigin(placed: Placed, chain: Chain, rowOf: Row[]): Placed {
  let [top, bottom] = [Infinity, -Infinity];
  for (let i = 0; i < chain.count; i++) {
    const half = rowOf[i].height / 2;
    top = Math.min(top, placed.y[i] - half);
    bottom = Math.max(bottom, placed.y[i] + half);
  }
  for (const points of placed.bends) {
    for (const [, y] of points) {
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  shift(placed.bends, 0, -top);
  return { ...placed, y: placed.y.map((y) => y - top), height: bottom - top };
}

/** Move bends where they are: there are many, and a copy of each is soon garbage. */
export function shift(bends: [number, number][][], dx: number, dy: number) {
  for (const points of bends) {
    for (const point of points) {
      point[0] += dx;
      point[1] += dy;
    }
  }
}

/** How many columns each layer gets so that the whole is about as wide as `aspect` says. */
function foldsOf(order: Layer[], sizes: Size[], { aspect, gap, lowEnough }: Shape): number[] {
  const tall = order.map((nodes) => nodes.reduce((sum, node) => sum + (sizes[node]?.height ?? DUMMY) + GAP_Y, 0));
  const wide = order.map((nodes) => nodes.reduce((most, node) => Math.max(most, sizes[node]?.width ?? 0), 0));
  const most = order.map((nodes) => Math.max(1, nodes.filter((node) => node < sizes.length).length));
  const foldsAt = (limit: number) => tall.map((height, at) => Math.min(most[at], Math.max(1, Math.ceil(height / limit))));
  const widthOf = (folds: number[]) => folds.reduce((sum, fold, at) => sum + fold * (wide[at] + GAP_FOLD) + gap, 0);
  const tallest = tall.reduce((a, b) => Math.max(a, b), 0);
  const single = foldsAt(Infinity);
  if (tallest <= Math.max(lowEnough, (1.6 * widthOf(single)) / aspect)) return single;
  let best = single;
  let least = Infinity;
  for (let limit = tallest; limit >= lowEnough / 2; limit *= 0.85) {
    const folds = foldsAt(limit);
    const height = Math.max(...tall.map((each, at) => each / folds[at]));
    const off = Math.abs(Math.log(widthOf(folds) / height / aspect));
    if (off < least) [best, least] = [folds, off];
  }
  return best;
}

function rowsOf(nodes: Layer, sizes: Size[], fold: number): Row[] {
  const rows: Row[] = [];
  let open: Row | null = null;
  for (const node of nodes) {
    const isDummy = node >= sizes.length;
    const height = isDummy ? DUMMY : sizes[node].height;
    if (isDummy || !open || open.nodes.length === fold) {
      const row = { nodes: [node], height };
      rows.push(row);
      // An arrow that passes goes between rows, not through one.
      open = isDummy ? null : row;
    } else {
      open.nodes.push(node);
      open.height = Math.max(open.height, height);
    }
  }
  return rows;
}

function* settle(chain: Chain, layers: Row[][], prior: Float64Array | null): Steps<Float64Array> {
  const y = new Float64Array(chain.count);
  for (const rows of layers) {
    let at = 0;
    const tops = rows.map((row) => (at += row.height + GAP_Y) - row.height - GAP_Y);
    rows.forEach((row, i) => row.nodes.forEach((node) => (y[node] = tops[i] + row.height / 2 - at / 2)));
  }
  const rounds = chain.count > 20_000 ? 4 : 10;
  const wanted = new Float64Array(chain.count);
  const weight = new Float64Array(chain.count).fill(1);
  if (prior) for (let node = 0; node < chain.count; node++) if (prior[node] === prior[node]) [wanted[node], weight[node]] = [prior[node], FIRM];
  const blocks = blocksFor(layers);
  for (let round = 0; round < rounds; round++) {
    yield;
    const downward = round % 2 === 0;
    for (let step = 0; step < chain.depth; step++) {
      const rows = layers[downward ? step : chain.depth - 1 - step];
      for (const { nodes } of rows) {
        for (const node of nodes) {
          if (weight[node] === FIRM) continue;
          let sum = 0;
          let count = 0;
          if (round >= 2 || downward) for (const other of chain.up[node]) (sum += y[other]), count++;
          if (round >= 2 || !downward) for (const other of chain.down[node]) (sum += y[other]), count++;
          wanted[node] = count ? sum / count : y[node];
        }
      }
      pool(rows, y, wanted, weight, blocks);
    }
  }
  return y;
}

/** Rows that stand as close as they may, by block; room for as many as there are rows. */
interface Blocks {
  sum: Float64Array;
  weight: Float64Array;
  start: Int32Array;
  offset: Float64Array;
}

function blocksFor(layers: Row[][]): Blocks {
  const most = layers.reduce((max, rows) => Math.max(max, rows.length), 0);
  return { sum: new Float64Array(most), weight: new Float64Array(most), start: new Int32Array(most), offset: new Float64Array(most) };
}

/** Pool adjacent violators: as near to what each row wants as their order and gaps allow. */
function pool(rows: Row[], y: Float64Array, wanted: Float64Array, weight: Float64Array, blocks: Blocks) {
  const { offset } = blocks;
  let last = -1;
  rows.forEach((row, i) => {
    offset[i] = i ? offset[i - 1] + (rows[i - 1].height + row.height) / 2 + GAP_Y : 0;
    let sum = 0;
    let whole = 0;
    let start = i;
    for (const node of row.nodes) {
      sum += weight[node] * (wanted[node] - offset[i]);
      whole += weight[node];
    }
    for (; last >= 0 && blocks.sum[last] / blocks.weight[last] > sum / whole; last--) {
      sum += blocks.sum[last];
      whole += blocks.weight[last];
      start = blocks.start[last];
    }
    last++;
    blocks.sum[last] = sum;
    blocks.weight[last] = whole;
    blocks.start[last] = start;
  });
  for (let block = 0; block <= last; block++) {
    const end = block < last ? blocks.start[block + 1] : rows.length;
    const top = blocks.sum[block] / blocks.weight[block];
    for (let i = blocks.start[block]; i < end; i++) for (const node of rows[i].nodes) y[node] = top + offset[i];
  }
}

/** The edges and centres of each layer's columns. */
function columnsOf(layers: Row[][], sizes: Size[], folds: number[], gap: number) {
  let at = 0;
  return layers.map((rows, layer) => {
    const widths = Array<number>(folds[layer]).fill(0);
    for (const row of rows) row.nodes.forEach((node, i) => (widths[i] = Math.max(widths[i], sizes[node]?.width ?? 0)));
    const left = at;
    const lefts: number[] = [];
    for (const width of widths) {
      lefts.push(at);
      at += width + GAP_FOLD;
    }
    const rights = lefts.map((each, i) => each + widths[i]);
    const right = at - GAP_FOLD;
    at = right + gap;
    return { left, right, lefts, rights, centres: lefts.map((each, i) => each + widths[i] / 2) };
  });
}
