// The order of the nodes in each layer, with few arrows that cross.
//
// Sweeps by barycentre and median, each with neighbours swapped where that takes crossings
// away, from two depth-first starts; the best is kept. Where nodes stood before, they keep
// their order, unless that costs many crossings.

import type { Chain } from "./layers";

const SMALL = 3_000;
const HUGE = 20_000;

/**
 * Nodes of each layer, top down. `prior` has the heights of nodes that were there, else NaN;
 * `kept` tells whether they are in that order still.
 */
export function arrange(chain: Chain, prior: Float64Array | null = null): { order: number[][]; kept: boolean } {
  const starts = chain.count <= SMALL ? [depthFirst(chain, true), depthFirst(chain, false)] : [depthFirst(chain, true)];
  const tries = starts.map((start) => swept(chain, start));
  const best = tries.reduce((a, b) => (b.crossings < a.crossings ? b : a));
  if (!prior) return { order: best.order, kept: false };
  const stable = keptOrder(chain, best.order, prior);
  const kept = stable.crossings <= 1.5 * best.crossings + 8;
  return { order: (kept ? stable : best).order, kept };
}

interface Arranged {
  order: number[][];
  crossings: number;
}

function swept(chain: Chain, order: number[][]): Arranged {
  const position = new Int32Array(chain.count);
  number(order, position);
  let best = copy(order);
  let fewest = crossings(chain, order, position);
  const sweeps = chain.count <= SMALL ? 24 : chain.count <= HUGE ? 12 : 4;
  let idle = 0;
  for (let sweep = 0; sweep < sweeps && fewest > 0 && idle < 8; sweep++) {
    const downward = sweep % 2 === 0;
    const mean = sweep % 4 < 2 ? median : barycentre;
    for (let step = 1; step < chain.depth; step++) {
      const at = downward ? step : chain.depth - 1 - step;
      const fixed = downward ? chain.up : chain.down;
      const key = new Map(order[at].map((node) => [node, mean(fixed[node], position, position[node])]));
      order[at].sort((a, b) => key.get(a)! - key.get(b)! || position[a] - position[b]);
      order[at].forEach((node, i) => (position[node] = i));
    }
    if (chain.count <= HUGE) exchange(chain, order, position, () => true);
    const count = crossings(chain, order, position);
    idle = count < fewest ? 0 : idle + 1;
    if (count < fewest) {
      fewest = count;
      best = copy(order);
    }
  }
  return { order: best, crossings: fewest };
}

/** Sweeps that leave the nodes of `prior` in their order and put the others between them. */
function keptOrder(chain: Chain, start: number[][], prior: Float64Array): Arranged {
  const order = start.map((row) => {
    const known = row.filter((node) => prior[node] === prior[node]).sort((a, b) => prior[a] - prior[b]);
    let next = 0;
    return row.map((node) => (prior[node] === prior[node] ? known[next++] : node));
  });
  const position = new Int32Array(chain.count);
  number(order, position);
  for (let sweep = 0; sweep < 6; sweep++) {
    const downward = sweep % 2 === 0;
    for (let step = 1; step < chain.depth; step++) {
      const at = downward ? step : chain.depth - 1 - step;
      const row = order[at];
      const fixed = downward ? chain.up : chain.down;
      const key = new Map(row.map((node) => [node, barycentre(fixed[node], position, position[node])]));
      const known = row.filter((node) => prior[node] === prior[node]);
      rising(known.map((node) => key.get(node)!)).forEach((value, i) => key.set(known[i], value));
      row.sort((a, b) => key.get(a)! - key.get(b)! || position[a] - position[b]);
      row.forEach((node, i) => (position[node] = i));
    }
    if (chain.count <= HUGE) exchange(chain, order, position, (a, b) => !(prior[a] === prior[a] && prior[b] === prior[b]));
  }
  return { order, crossings: crossings(chain, order, position) };
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

function number(order: number[][], position: Int32Array) {
  order.forEach((row) => row.forEach((node, i) => (position[node] = i)));
}

const copy = (order: number[][]) => order.map((row) => [...row]);

/** Layers filled along the arrows from the sources, or back from the sinks. */
function depthFirst(chain: Chain, forward: boolean): number[][] {
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
  return order;
}

function barycentre(nodes: number[], position: Int32Array, own: number): number {
  if (!nodes.length) return own;
  let sum = 0;
  for (const node of nodes) sum += position[node];
  return sum / nodes.length;
}

function median(nodes: number[], position: Int32Array, own: number): number {
  if (!nodes.length) return own;
  const sorted = nodes.map((node) => position[node]).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Swap neighbours while that takes crossings away. */
function exchange(chain: Chain, order: number[][], position: Int32Array, may: (a: number, b: number) => boolean) {
  for (let round = 0; round < 3; round++) {
    let better = false;
    for (const row of order) if (exchangeRow(chain, row, position, may)) better = true;
    if (!better) return;
  }
}

function exchangeRow(chain: Chain, row: number[], position: Int32Array, may: (a: number, b: number) => boolean): boolean {
  const ends = (side: number[][]) =>
    new Map(row.map((node) => [node, Int32Array.from(side[node], (other) => position[other]).sort()]));
  const sides = [ends(chain.up), ends(chain.down)];
  let better = false;
  for (let i = 0; i + 1 < row.length; i++) {
    const [a, b] = [row[i], row[i + 1]];
    if (!may(a, b)) continue;
    let gain = 0;
    for (const side of sides) gain += inversions(side.get(a)!, side.get(b)!) - inversions(side.get(b)!, side.get(a)!);
    if (gain <= 0) continue;
    row[i] = b;
    row[i + 1] = a;
    position[b] = i;
    position[a] = i + 1;
    better = true;
    if (i > 0) i -= 2; // the one that came up may go further
  }
  return better;
}

/** Pairs of two sorted lists in which the first is beyond the second. */
function inversions(first: Int32Array, second: Int32Array): number {
  let [count, at] = [0, 0];
  for (const each of first) {
    while (at < second.length && second[at] < each) at++;
    count += at;
  }
  return count;
}

export function crossings(
  chain: { depth: number; down: number[][] },
  order: number[][],
  position: Int32Array,
): number {
  let total = 0;
  for (let at = 0; at + 1 < chain.depth; at++) {
    const tree = new Int32Array(order[at + 1].length + 1);
    let seen = 0;
    for (const node of order[at]) {
      const ends = chain.down[node].map((next) => position[next]);
      for (const end of ends) {
        let before = 0;
        for (let i = end + 1; i > 0; i -= i & -i) before += tree[i];
        total += seen - before;
      }
      for (const end of ends) {
        for (let i = end + 1; i < tree.length; i += i & -i) tree[i]++;
        seen++;
      }
    }
  }
  return total;
}
