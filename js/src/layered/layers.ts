// The first steps of a layered layout: no cycles, layers, and dummies along arrows that pass
// over some.

const MOST_DUMMIES = 60_000;

/** Which arrows to turn round so that no cycle is left: those that close one, depth first. */
export function breakCycles(n: number, from: number[], to: number[]): Uint8Array {
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

/** Longest path from the sources; a source stands just before what it feeds. */
export function assignLayers(n: number, low: number[], high: number[]): Int32Array {
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

export interface Chain {
  count: number;
  layer: Int32Array;
  depth: number;
  up: number[][];
  down: number[][];
  /** The dummies of each arrow, by layer. */
  chains: number[][];
}

export function withDummies(n: number, low: number[], high: number[], layer: Int32Array): Chain {
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

function lists<T>(n: number, keys: number[], value: (i: number) => T): T[][] {
  const found: T[][] = Array.from({ length: n }, () => []);
  keys.forEach((key, i) => found[key].push(value(i)));
  return found;
}
