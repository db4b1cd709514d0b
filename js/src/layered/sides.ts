// The neighbours of all nodes on one side, one list after another in one array, and what the
// ordering asks of them a million times: nothing here allocates, and loops count, as `for of` and
// [a, b] = [b, a] allocate until they are compiled, which a first picture does not live to see.

/** The nodes of a layer in their order. */
export type Layer = Int32Array;

/** Of node n: ends[first[n]] up to ends[first[n + 1]]. */
export interface Side {
  first: Int32Array;
  ends: Int32Array;
  /** Places of the ends in their layer, sorted for each node of the rows last given to `sortEnds`. */
  sorted: Int32Array;
}

export function sideOf(lists: number[][]): Side {
  const first = new Int32Array(lists.length + 1);
  lists.forEach((list, n) => (first[n + 1] = first[n] + list.length));
  const ends = new Int32Array(first[lists.length]);
  lists.forEach((list, n) => ends.set(list, first[n]));
  return { first, ends, sorted: new Int32Array(ends.length) };
}

/** Longer lists than this are not sorted by insertion. */
const LONG = 48;

export function sortEnds({ first, ends, sorted }: Side, row: Layer, position: Int32Array) {
  for (let n = 0; n < row.length; n++) {
    const from = first[row[n]];
    const to = first[row[n] + 1];
    if (to - from > LONG) {
      for (let i = from; i < to; i++) sorted[i] = position[ends[i]];
      sorted.subarray(from, to).sort();
      continue;
    }
    for (let i = from; i < to; i++) {
      const place = position[ends[i]];
      let at = i;
      while (at > from && sorted[at - 1] > place) sorted[at] = sorted[--at];
      sorted[at] = place;
    }
  }
}

/** How many crossings fewer there are with b before a than with a before b; after `sortEnds`. */
export function gained({ first, sorted }: Side, a: number, b: number): number {
  const from = first[b];
  const to = first[b + 1];
  const end = first[a + 1];
  if (from === to) return 0;
  if (to - from === 1 && end - first[a] === 1) return Math.sign(sorted[first[a]] - sorted[from]);
  let gain = 0;
  let below = from;
  let notAbove = from;
  for (let i = first[a]; i < end; i++) {
    const place = sorted[i];
    while (below < to && sorted[below] < place) below++;
    while (notAbove < to && sorted[notAbove] <= place) notAbove++;
    gain += below - from - (to - notAbove);
  }
  return gain;
}

export function mean({ first, ends }: Side, node: number, position: Int32Array): number {
  const from = first[node];
  const to = first[node + 1];
  let sum = 0;
  for (let i = from; i < to; i++) sum += position[ends[i]];
  return sum / (to - from);
}

/** After `sortEnds`. */
export function median({ first, sorted }: Side, node: number): number {
  const from = first[node];
  const to = first[node + 1];
  const middle = (from + to) >> 1;
  return (to - from) % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Crossings between each layer and the next (Fenwick tree over the places in the next). */
export function crossed({ first, ends }: Side, order: Layer[], position: Int32Array): number {
  let total = 0;
  const tree = new Int32Array(order.reduce((most, row) => Math.max(most, row.length), 0) + 1);
  for (let at = 0; at + 1 < order.length; at++) {
    const size = order[at + 1].length;
    tree.fill(0, 0, size + 1);
    let seen = 0;
    const row = order[at];
    for (let i = 0; i < row.length; i++) {
      const from = first[row[i]];
      const to = first[row[i] + 1];
      for (let n = from; n < to; n++) {
        let before = 0;
        for (let i = position[ends[n]] + 1; i > 0; i -= i & -i) before += tree[i];
        total += seen - before;
      }
      for (let n = from; n < to; n++) for (let i = position[ends[n]] + 1; i <= size; i += i & -i) tree[i]++;
      seen += to - from;
    }
  }
  return total;
}
