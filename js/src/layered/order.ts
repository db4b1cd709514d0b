// The order of the nodes in each layer, with few arrows that cross.
//
// Sweeps by barycentre and median, each with neighbours swapped where that takes crossings
// away, from several starts; the best is kept, and its nodes are sifted: moved one by one to
// where they cross least. Small graphs get more tries than large ones, and tiny ones are sifted
// after each. Where nodes stood before, they keep their order, unless that costs many crossings.

import type { Chain } from "./layers";
import { crossed, gained, mean, median, sideOf, sortEnds, type Layer, type Side } from "./sides";
import type { Steps } from "./steps";

const TINY = 700;
const SMALL = 3_000;
const HUGE = 20_000;
const MOST_SIFTED = 300;
/** Longer rows than this are not sorted by insertion. */
const LONG = 64;

/**
 * Nodes of each layer, top down. `prior` has the heights of nodes that were there, else NaN;
 * `kept` tells whether they are in that order still.
 */
export function* arrange(chain: Chain, prior: Float64Array | null = null): Steps<{ order: Layer[]; kept: boolean }> {
  const sides = { up: sideOf(chain.up), down: sideOf(chain.down), key: new Float64Array(chain.count), spare: new Int32Array(chain.count) };
  const starts = [depthFirst(chain, true)];
  if (chain.count <= SMALL) starts.push(depthFirst(chain, false), breadthFirst(chain));
  const ways = chain.count <= TINY ? WAYS : WAYS.slice(0, 1);
  let best: Arranged | null = null;
  for (const start of starts) {
    for (const way of ways) {
      const tried: Arranged = yield* swept(chain, sides, start, way, chain.count <= TINY);
      if (!best || tried.crossings < best.crossings) best = tried;
    }
  }
  // Once more the other way round: never worse than its start.
  if (starts.length > 1) best = yield* swept(chain, sides, best!.order, WAYS[2], true);
  if (!prior) return { order: best!.order, kept: false };
  const stable = yield* keptOrder(chain, sides, best!.order, prior);
  const kept = stable.crossings <= 1.5 * best!.crossings + 8;
  return { order: (kept ? stable : best!).order, kept };
}

/** Which direction a sweep begins in, and whether swaps that change nothing are made. */
interface Way {
  upFirst: boolean;
  flip: boolean;
}
const WAYS: Way[] = [
  { upFirst: false, flip: false },
  { upFirst: true, flip: false },
  { upFirst: true, flip: true },
];

interface Sides {
  up: Side;
  down: Side;
  /** For each node, what its row is sorted by. */
  key: Float64Array;
  /** Room for the nodes of a row. */
  spare: Int32Array;
}

interface Arranged {
  order: Layer[];
  crossings: number;
}

function* swept(chain: Chain, sides: Sides, start: Layer[], { upFirst, flip }: Way, sifted: boolean): Steps<Arranged> {
  const position = new Int32Array(chain.count);
  const order = copy(start);
  const best = copy(start);
  number(order, position);
  let fewest = crossed(sides.down, order, position);
  const keep = () => {
    const count = crossed(sides.down, order, position);
    const better = count < fewest;
    if (better) {
      fewest = count;
      put(order, best);
    }
    return better;
  };
  const sweeps = chain.count <= TINY ? 24 : chain.count <= HUGE ? 12 : 4;
  let idle = 0;
  for (let sweep = 0; sweep < sweeps && fewest > 0 && idle < 8; sweep++) {
    yield;
    const downward = (sweep % 2 === 0) !== upFirst;
    const byMedian = sweep % 4 < 2;
    for (let step = 1; step < chain.depth; step++) {
      const at = downward ? step : chain.depth - 1 - step;
      sortRow(order[at], downward ? sides.up : sides.down, position, byMedian, sides);
    }
    if (chain.count <= HUGE) exchange(sides, order, position, null, flip && sweep % 2 === 1);
    idle = keep() ? 0 : idle + 1;
  }
  if (sifted && fewest > 0) {
    yield;
    put(best, order);
    number(order, position);
    sift(sides, order, position);
    keep();
  }
  return { order: best, crossings: fewest };
}

/** Nodes with neighbours in the fixed layer by those; the others stay where they are. */
function sortRow(row: Layer, side: Side, position: Int32Array, byMedian: boolean, { key, spare }: Sides) {
  const { first } = side;
  if (byMedian) sortEnds(side, row, position);
  let count = 0;
  for (let i = 0; i < row.length; i++) {
    const node = row[i];
    if (first[node] === first[node + 1]) continue;
    const wanted = byMedian ? median(side, node) : mean(side, node, position);
    key[node] = wanted;
    let at = count++;
    if (row.length <= LONG) for (; at > 0 && key[spare[at - 1]] > wanted; at--) spare[at] = spare[at - 1];
    spare[at] = node;
  }
  if (row.length > LONG) spare.subarray(0, count).sort((a, b) => key[a] - key[b] || position[a] - position[b]);
  let next = 0;
  for (let i = 0; i < row.length; i++) {
    if (first[row[i]] < first[row[i] + 1]) row[i] = spare[next++];
    position[row[i]] = i;
  }
}

/** Move each node to where in its layer it crosses least, layer by layer, while that helps. */
function sift(sides: Sides, order: Layer[], position: Int32Array) {
  for (let round = 0; round < 8; round++) {
    let better = false;
    for (let step = 0; step < order.length; step++) {
      const row = order[round % 2 ? order.length - 1 - step : step];
      if (row.length > 1 && row.length <= MOST_SIFTED && siftRow(sides, row, position)) better = true;
    }
    if (!better) return;
  }
}

function siftRow({ up, down, spare }: Sides, row: Layer, position: Int32Array): boolean {
  sortEnds(up, row, position);
  sortEnds(down, row, position);
  spare.set(row);
  let better = false;
  for (let n = 0; n < row.length; n++) {
    const node = spare[n];
    const at = row.indexOf(node);
    let most = 0;
    let to = at;
    for (let i = at - 1, sum = 0; i >= 0; i--) {
      sum += gained(up, row[i], node) + gained(down, row[i], node);
      if (sum > most) (most = sum), (to = i);
    }
    for (let i = at + 1, sum = 0; i < row.length; i++) {
      sum += gained(up, node, row[i]) + gained(down, node, row[i]);
      if (sum > most) (most = sum), (to = i);
    }
    if (to === at) continue;
    if (to < at) row.copyWithin(to + 1, to, at);
    else row.copyWithin(at, at + 1, to + 1);
    row[to] = node;
    better = true;
  }
  for (let i = 0; i < row.length; i++) position[row[i]] = i;
  return better;
}

/** Sweeps that leave the nodes of `prior` in their order and put the others between them. */
function* keptOrder(chain: Chain, sides: Sides, start: Layer[], prior: Float64Array): Steps<Arranged> {
  const order = start.map((row) => {
    const known = row.filter((node) => prior[node] === prior[node]).sort((a, b) => prior[a] - prior[b]);
    let next = 0;
    return row.map((node) => (prior[node] === prior[node] ? known[next++] : node));
  });
  const position = new Int32Array(chain.count);
  const { key } = sides;
  number(order, position);
  for (let sweep = 0; sweep < 6; sweep++) {
    yield;
    const downward = sweep % 2 === 0;
    for (let step = 1; step < chain.depth; step++) {
      const at = downward ? step : chain.depth - 1 - step;
      const row = order[at];
      const fixed = downward ? sides.up : sides.down;
      for (const node of row) key[node] = fixed.first[node] < fixed.first[node + 1] ? mean(fixed, node, position) : position[node];
      const known = row.filter((node) => prior[node] === prior[node]);
      rising(Array.from(known, (node) => key[node])).forEach((value, i) => (key[known[i]] = value));
      row.sort((a, b) => key[a] - key[b] || position[a] - position[b]);
      row.forEach((node, i) => (position[node] = i));
    }
    if (chain.count <= HUGE) exchange(sides, order, position, prior);
  }
  return { order, crossings: crossed(sides.down, order, position) };
}

/** The nearest numbers that never fall (pool adjacent violators). */
export function rising(values: number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const value of values) {
    let block = { sum: value, count: 1 };
    while (blocks.length && blocks.at(-1)!.sum / blocks.at(-1)!.count > block.sum / block.count) {
      const before = blocks.pop()!;
      block = { sum: before.sum + block.sum, count: before.count + block.count };
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
}

function number(order: Layer[], position: Int32Array) {
  for (const row of order) for (let i = 0; i < row.length; i++) position[row[i]] = i;
}

const copy = (order: Layer[]) => order.map((row) => row.slice());

function put(from: Layer[], to: Layer[]) {
  from.forEach((row, at) => to[at].set(row));
}

const rows = (order: number[][]) => order.map((row) => Int32Array.from(row));

/** Layers filled along the arrows from the sources, or back from the sinks. */
function depthFirst(chain: Chain, forward: boolean): Layer[] {
  const order: number[][] = Array.from({ length: chain.depth }, () => []);
  const seen = new Uint8Array(chain.count);
  const [from, to, sense] = forward ? [chain.up, chain.down, 1] : [chain.down, chain.up, -1];
  const starts = [...Array(chain.count).keys()].sort(
    (a, b) => from[a].length - from[b].length || (chain.layer[a] - chain.layer[b]) * sense || a - b,
  );
  for (const start of starts) {
    const stack = [start];
    while (stack.length) {
      const node = stack.pop()!;
      if (seen[node]) continue;
      seen[node] = 1;
      order[chain.layer[node]].push(node);
      for (let i = to[node].length - 1; i >= 0; i--) stack.push(to[node][i]);
    }
  }
  return rows(order);
}

/** Layers filled in rings around the least connected node: from one end. */
function breadthFirst(chain: Chain): Layer[] {
  const order: number[][] = Array.from({ length: chain.depth }, () => []);
  const seen = new Uint8Array(chain.count);
  const ends = (node: number) => chain.up[node].length + chain.down[node].length;
  const starts = [...Array(chain.count).keys()].sort((a, b) => ends(a) - ends(b) || a - b);
  for (const start of starts) {
    if (seen[start]) continue;
    seen[start] = 1;
    const queue = [start];
    for (let at = 0; at < queue.length; at++) {
      order[chain.layer[queue[at]]].push(queue[at]);
      for (const next of [...chain.up[queue[at]], ...chain.down[queue[at]]]) {
        if (!seen[next]) {
          seen[next] = 1;
          queue.push(next);
        }
      }
    }
  }
  return rows(order);
}

/** Swap neighbours while that takes crossings away; two of `fixed` stay in their order. */
function exchange(sides: Sides, order: Layer[], position: Int32Array, fixed: Float64Array | null, flip = false) {
  // Swaps that change nothing lead out of a dead end, now and then.
  if (flip) for (const row of order) exchangeRow(sides, row, position, fixed, 0);
  const rounds = position.length <= TINY ? 3 : 1;
  for (let round = 0; round < rounds; round++) {
    let better = false;
    for (const row of order) if (exchangeRow(sides, row, position, fixed, 1)) better = true;
    if (!better) return;
  }
}

function exchangeRow({ up, down }: Sides, row: Layer, position: Int32Array, fixed: Float64Array | null, least: number): boolean {
  if (row.length < 2) return false;
  sortEnds(up, row, position);
  sortEnds(down, row, position);
  let better = false;
  for (let i = 0; i + 1 < row.length; i++) {
    const a = row[i];
    const b = row[i + 1];
    if (fixed && fixed[a] === fixed[a] && fixed[b] === fixed[b]) continue;
    if (gained(up, a, b) + gained(down, a, b) < least) continue;
    row[i] = b;
    row[i + 1] = a;
    position[b] = i;
    position[a] = i + 1;
    better = true;
    if (least && i > 0) i -= 2; // the one that came up may go further
  }
  return better;
}

export function crossings(chain: { down: number[][] }, order: Layer[], position: Int32Array): number {
  return crossed(sideOf(chain.down), order, position);
}
