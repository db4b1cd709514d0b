// A layered layout, left to right: a pure function of the graph.
//
// 1. Arrows that close a cycle are turned round for the layout alone. 2. Layers by longest
// path, sources pulled right to what they feed. 3. An arrow over several layers gets a dummy
// in each. 4. Order within layers: depth first, then sweeps by barycentre and median, the
// order with the fewest crossings kept (counted with a Fenwick tree). 5. Heights by pooling
// adjacent violators: each node as near to the mean of its neighbours as the order allows.
// Components are laid out one by one and stacked; nodes without arrows go in rows below.
// The steps follow Sugiyama, Tagawa and Toda (1981) and Gansner et al. (1993).

export interface Size {
  width: number;
  height: number;
}
export interface LayoutInput {
  sizes: Size[];
  arrows: { source: number; target: number }[];
}
export interface Layout {
  /** Centres. */
  x: Float64Array;
  y: Float64Array;
  /** For each arrow, the points between its two nodes, from source to target. */
  bends: [number, number][][];
  width: number;
  height: number;
}

const GAP_X = 84;
const GAP_Y = 20;
const GAP_COMPONENTS = 44;
const SWEEPS = 12;
const MOST_DUMMIES = 60_000;

export function layout(input: LayoutInput): Layout {
  const n = input.sizes.length;
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  const bends: [number, number][][] = input.arrows.map(() => []);
  let width = 0;
  let height = 0;
  const { linked, single } = components(n, input.arrows);
  for (const part of linked) {
    const done = layoutPart(input, part);
    done.nodes.forEach((node, i) => {
      x[node] = done.x[i];
      y[node] = done.y[i] + height;
    });
    done.arrows.forEach((arrow, i) => {
      bends[arrow] = done.bends[i].map(([bx, by]) => [bx, by + height]);
    });
    width = Math.max(width, done.width);
    height += done.height + GAP_COMPONENTS;
  }
  if (single.length) {
    const done = inRows(input.sizes, single, Math.max(width, 900));
    const top = height;
    done.forEach(([px, py], i) => {
      const size = input.sizes[single[i]];
      x[single[i]] = px;
      y[single[i]] = py + top;
      width = Math.max(width, px + size.width / 2);
      height = Math.max(height, py + top + size.height / 2);
    });
    height += GAP_COMPONENTS;
  }
  return { x, y, bends, width, height: Math.max(0, height - GAP_COMPONENTS) };
}

function components(n: number, arrows: { source: number; target: number }[]) {
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
  const single: number[] = [];
  for (let i = 0; i < n; i++) {
    if (!touched[i]) single.push(i);
    else {
      const root = find(i);
      const group = groups.get(root);
      if (group) group.push(i);
      else groups.set(root, [i]);
    }
  }
  const linked = [...groups.values()].sort((a, b) => b.length - a.length || a[0] - b[0]);
  return { linked, single };
}

function inRows(sizes: Size[], nodes: number[], width: number): [number, number][] {
  const places: [number, number][] = [];
  let left = 0;
  let top = 0;
  let tallest = 0;
  for (const node of nodes) {
    const size = sizes[node];
    if (left > 0 && left + size.width > width) {
      left = 0;
      top += tallest + GAP_Y;
      tallest = 0;
    }
    places.push([left + size.width / 2, top + size.height / 2]);
    left += size.width + GAP_Y;
    tallest = Math.max(tallest, size.height);
  }
  return places;
}

function layoutPart(input: LayoutInput, nodes: number[]) {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const arrows: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  input.arrows.forEach(({ source, target }, i) => {
    if (source !== target && place.has(source)) {
      arrows.push(i);
      from.push(place.get(source)!);
      to.push(place.get(target)!);
    }
  });
  const turned = breakCycles(nodes.length, from, to);
  const low = from.map((_, i) => (turned[i] ? to[i] : from[i]));
  const high = to.map((_, i) => (turned[i] ? from[i] : to[i]));
  const layer = assignLayers(nodes.length, low, high);
  const chain = withDummies(nodes.length, low, high, layer);
  const order = arrange(chain);
  const heights = Float64Array.from({ length: chain.count }, (_, i) =>
    i < nodes.length ? input.sizes[nodes[i]].height : 4,
  );
  const y = settle(chain, order, heights);
  const { columns, widths, width } = columnCentres(order, (i) =>
    i < nodes.length ? input.sizes[nodes[i]].width : 0,
  );
  let top = Infinity;
  let bottom = -Infinity;
  // With the dummies: an arrow that passes outside of all nodes keeps clear of other components.
  for (let i = 0; i < chain.count; i++) {
    top = Math.min(top, y[i] - heights[i] / 2);
    bottom = Math.max(bottom, y[i] + heights[i] / 2);
  }
  const bends = chain.chains.map((dummies, i) => {
    // Straight past the nodes of a layer, else a curve cuts their corners.
    const points = dummies.flatMap((d): [number, number][] => {
      const [centre, half] = [columns[chain.layer[d]], widths[chain.layer[d]] / 2];
      return [[centre - half, y[d] - top], [centre + half, y[d] - top]];
    });
    return turned[i] ? points.reverse() : points;
  });
  return {
    nodes,
    arrows,
    x: nodes.map((_, i) => columns[layer[i]]),
    y: nodes.map((_, i) => y[i] - top),
    bends,
    width,
    height: bottom - top,
  };
}

/** Which arrows to turn round so that no cycle is left: those that close one, depth first. */
function breakCycles(n: number, from: number[], to: number[]): Uint8Array {
  const turned = new Uint8Array(from.length);
  const out = lists(n, from, (i) => i);
  const incoming = new Uint32Array(n);
  to.forEach((t) => incoming[t]++);
  const state = new Uint8Array(n);
  const starts = [...Array(n).keys()].sort((a, b) => incoming[a] - incoming[b] || a - b);
  for (const start of starts) {
    if (state[start]) continue;
    const stack: [number, number][] = [[start, 0]];
    state[start] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      const arrow = out[top[0]][top[1]++];
      if (arrow === undefined) {
        state[top[0]] = 2;
        stack.pop();
      } else if (state[to[arrow]] === 1) turned[arrow] = 1;
      else if (state[to[arrow]] === 0) {
        state[to[arrow]] = 1;
        stack.push([to[arrow], 0]);
      }
    }
  }
  return turned;
}

function assignLayers(n: number, low: number[], high: number[]): Int32Array {
  const layer = new Int32Array(n);
  const out = lists(n, low, (i) => high[i]);
  const left = new Int32Array(n);
  high.forEach((h) => left[h]++);
  const sources = [...Array(n).keys()].filter((i) => left[i] === 0);
  const queue = [...sources];
  for (let at = 0; at < queue.length; at++) {
    for (const next of out[queue[at]]) {
      layer[next] = Math.max(layer[next], layer[queue[at]] + 1);
      if (--left[next] === 0) queue.push(next);
    }
  }
  for (const source of sources) {
    if (!out[source].length) continue;
    layer[source] = out[source].reduce((least, next) => Math.min(least, layer[next]), Infinity) - 1;
  }
  return layer;
}

interface Chain {
  count: number;
  layer: Int32Array;
  depth: number;
  up: number[][];
  down: number[][];
  /** The dummies of each arrow, by layer. */
  chains: number[][];
}

function withDummies(n: number, low: number[], high: number[], layer: Int32Array): Chain {
  let spare = MOST_DUMMIES;
  const layers = [...layer];
  const up: number[][] = Array.from({ length: n }, () => []);
  const down: number[][] = Array.from({ length: n }, () => []);
  const chains = low.map((start, i) => {
    const end = high[i];
    const between: number[] = [];
    let last = start;
    const span = layer[end] - layer[start];
    if (span > 1 && (spare -= span - 1) >= 0) {
      for (let at = layer[start] + 1; at < layer[end]; at++) {
        const dummy = layers.push(at) - 1;
        up.push([]);
        down.push([]);
        down[last].push(dummy);
        up[dummy].push(last);
        between.push(dummy);
        last = dummy;
      }
    }
    down[last].push(end);
    up[end].push(last);
    return between;
  });
  let depth = 0;
  for (const each of layers) depth = Math.max(depth, each + 1);
  return { count: layers.length, layer: Int32Array.from(layers), depth, up, down, chains };
}

/** The order of each layer, with few crossings. */
function arrange(chain: Chain): number[][] {
  let order = depthFirst(chain);
  const position = new Int32Array(chain.count);
  const number = (layers: number[][]) =>
    layers.forEach((row) => row.forEach((node, i) => (position[node] = i)));
  number(order);
  let best = order.map((row) => [...row]);
  let fewest = crossings(chain, order, position);
  const sweeps = chain.count > 20_000 ? 4 : SWEEPS;
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const downward = sweep % 2 === 0;
    const mean = sweep % 4 < 2 ? barycentre : median;
    for (let step = 1; step < chain.depth; step++) {
      const at = downward ? step : chain.depth - 1 - step;
      const fixed = downward ? chain.up : chain.down;
      const key = new Map(order[at].map((node) => [node, mean(fixed[node], position, position[node])]));
      order[at].sort((a, b) => key.get(a)! - key.get(b)! || position[a] - position[b]);
      order[at].forEach((node, i) => (position[node] = i));
    }
    if (chain.count < 400) exchange(chain, order, position);
    const count = crossings(chain, order, position);
    if (count < fewest) {
      fewest = count;
      best = order.map((row) => [...row]);
    }
  }
  order = best;
  return order;
}

function depthFirst(chain: Chain): number[][] {
  const order: number[][] = Array.from({ length: chain.depth }, () => []);
  const seen = new Uint8Array(chain.count);
  const starts = [...Array(chain.count).keys()].sort(
    (a, b) => chain.up[a].length - chain.up[b].length || chain.layer[a] - chain.layer[b] || a - b,
  );
  for (const start of starts) {
    const stack = [start];
    while (stack.length) {
      const node = stack.pop()!;
      if (seen[node]) continue;
      seen[node] = 1;
      order[chain.layer[node]].push(node);
      for (let i = chain.down[node].length - 1; i >= 0; i--) stack.push(chain.down[node][i]);
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
function exchange(chain: Chain, order: number[][], position: Int32Array) {
  for (let round = 0; round < 4; round++) {
    let better = false;
    for (const row of order) {
      for (let i = 0; i + 1 < row.length; i++) {
        const [a, b] = [row[i], row[i + 1]];
        const gain = (side: number[][]) =>
          inversions(side[a], side[b], position) - inversions(side[b], side[a], position);
        if (gain(chain.up) + gain(chain.down) > 0) {
          row[i] = b;
          row[i + 1] = a;
          position[b] = i;
          position[a] = i + 1;
          better = true;
        }
      }
    }
    if (!better) return;
  }
}

function inversions(first: number[], second: number[], position: Int32Array): number {
  let count = 0;
  for (const a of first) for (const b of second) if (position[a] > position[b]) count++;
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

function settle(chain: Chain, order: number[][], heights: Float64Array): Float64Array {
  const y = new Float64Array(chain.count);
  for (const row of order) {
    let at = 0;
    for (const node of row) {
      y[node] = at + heights[node] / 2;
      at += heights[node] + GAP_Y;
    }
    for (const node of row) y[node] -= at / 2;
  }
  const rounds = chain.count > 20_000 ? 4 : 10;
  for (let round = 0; round < rounds; round++) {
    const downward = round % 2 === 0;
    for (let step = 0; step < chain.depth; step++) {
      const row = order[downward ? step : chain.depth - 1 - step];
      pool(row, y, heights, (node) => {
        const near = round < 2 ? (downward ? chain.up[node] : chain.down[node]) : [...chain.up[node], ...chain.down[node]];
        let sum = 0;
        for (const other of near) sum += y[other];
        return near.length ? sum / near.length : y[node];
      });
    }
  }
  return y;
}

/** Pool adjacent violators: as near to what each wants as their order and gaps allow. */
function pool(row: number[], y: Float64Array, heights: Float64Array, wanted: (node: number) => number) {
  const blocks: { sum: number; weight: number; start: number }[] = [];
  const offset = new Float64Array(row.length);
  for (let i = 1; i < row.length; i++) {
    offset[i] = offset[i - 1] + (heights[row[i - 1]] + heights[row[i]]) / 2 + GAP_Y;
  }
  row.forEach((node, i) => {
    let block = { sum: wanted(node) - offset[i], weight: 1, start: i };
    while (blocks.length && blocks.at(-1)!.sum / blocks.at(-1)!.weight > block.sum / block.weight) {
      const above = blocks.pop()!;
      block = { sum: above.sum + block.sum, weight: above.weight + block.weight, start: above.start };
    }
    blocks.push(block);
  });
  blocks.forEach((block, b) => {
    const end = blocks[b + 1]?.start ?? row.length;
    for (let i = block.start; i < end; i++) y[row[i]] = block.sum / block.weight + offset[i];
  });
}

function columnCentres(order: number[][], width: (node: number) => number) {
  let left = 0;
  const widths = order.map((row) => row.reduce((widest, node) => Math.max(widest, width(node)), 0));
  const columns = widths.map((widest) => {
    const centre = left + widest / 2;
    left += widest + GAP_X;
    return centre;
  });
  return { columns, widths, width: Math.max(0, left - GAP_X) };
}

function lists<T>(n: number, keys: number[], value: (i: number) => T): T[][] {
  const found: T[][] = Array.from({ length: n }, () => []);
  keys.forEach((key, i) => found[key].push(value(i)));
  return found;
}
