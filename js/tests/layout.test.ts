import { describe, expect, test } from "vitest";
import type { Box } from "../src/camera";
import { crossings } from "../src/layered/order";
import { DIRECTIONS, layout, type Direction, type LayoutInput } from "../src/layout";
import { random } from "./support";

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

/** Several components, nodes of their own, sizes that differ; arrows go from low to high. */
function randomDag(seed: number, direction: Direction = "right"): LayoutInput {
  const next = random(seed);
  const below = (most: number) => Math.floor(next() * most);
  const count = 2 + below(60);
  const sizes = Array.from({ length: count }, () => ({ width: 60 + below(200), height: 20 + below(60) }));
  const arrows = Array.from({ length: below(count * 2) }, () => {
    const source = below(count - 1);
    return { source, target: source + 1 + below(Math.min(12, count - 1 - source)) };
  });
  return { sizes, arrows, direction };
}

function boxes(input: LayoutInput): Box[] {
  const { x, y } = layout(input);
  return input.sizes.map(({ width, height }, i) => ({
    left: x[i] - width / 2, right: x[i] + width / 2, top: y[i] - height / 2, bottom: y[i] + height / 2,
  }));
}

const EDGE = 1e-6;

describe.each(DIRECTIONS)("a random acyclic graph to the %s", (direction) => {
  test.each(SEEDS)("has no two nodes that overlap (seed %i)", (seed) => {
    const all = boxes(randomDag(seed, direction));
    const apart = (a: Box, b: Box) =>
      a.right <= b.left + EDGE || b.right <= a.left + EDGE || a.bottom <= b.top + EDGE || b.bottom <= a.top + EDGE;
    expect(all.flatMap((a, i) => all.slice(i + 1).filter((b) => !apart(a, b)))).toEqual([]);
  });

  test.each(SEEDS)("has all arrows going forward, bends included (seed %i)", (seed) => {
    const input = randomDag(seed, direction);
    const all = boxes(input);
    const { bends } = layout(input);
    const [end, start, axis] = direction === "down" ? (["bottom", "top", 1] as const) : (["right", "left", 0] as const);
    const ways = input.arrows.map(({ source, target }, i) => [all[source][end], ...bends[i].map((point) => point[axis]), all[target][start]]);
    expect(ways.filter((way) => way.some((x, at) => at > 0 && x <= way[at - 1]))).toEqual([]);
  });

  test.each(SEEDS)("lies within its width and height, bends included (seed %i)", (seed) => {
    const input = randomDag(seed, direction);
    const { width, height, bends } = layout(input);
    const outside = (box: Box) => box.left < -EDGE || box.top < -EDGE || box.right > width + EDGE || box.bottom > height + EDGE;
    expect(boxes(input).filter(outside)).toEqual([]);
    expect(bends.flat().filter(([x, y]) => outside({ left: x, right: x, top: y, bottom: y }))).toEqual([]);
  });

  test.each(SEEDS)("has no arrow that bends within a node's reach (seed %i)", (seed) => {
    const input = randomDag(seed, direction);
    const all = boxes(input);
    const [rx, ry] = direction === "down" ? [8, 1] : [1, 8];
    const near = ([x, y]: [number, number], box: Box) =>
      x > box.left - rx && x < box.right + rx && y > box.top - ry && y < box.bottom + ry;
    expect(layout(input).bends.flat().filter((point) => all.some((box) => near(point, box)))).toEqual([]);
  });

  test.each(SEEDS)("gives the identical picture each time (seed %i)", (seed) => {
    expect(layout(randomDag(seed, direction))).toEqual(layout(randomDag(seed, direction)));
  });
});

test.each(SEEDS)("with square nodes far apart, down is to the right, mirrored (seed %i)", (seed) => {
  // One component: between parts and in what is folded the two directions go by the page.
  const count = 9;
  const next = random(seed);
  const arrows = Array.from({ length: count - 1 }, (_, i) => ({ source: Math.floor(next() * (i + 1)), target: i + 1 }));
  const sizes = Array.from({ length: count }, () => ({ width: 50, height: 50 }));
  const [right, down] = DIRECTIONS.map((direction) => layout({ sizes, arrows, direction }));
  const rank = (places: Float64Array) => [...places].map((at) => [...new Set(places)].sort((a, b) => a - b).indexOf(at));
  expect(rank(down.y)).toEqual(rank(right.x));
  expect([...down.x].map(Math.round)).toEqual([...right.y].map(Math.round));
});

test.each(SEEDS)("crossings agrees with counting every pair of edges (seed %i)", (seed) => {
  const next = random(seed);
  const rows = Array.from({ length: 2 + Math.floor(next() * 4) }, () => 1 + Math.floor(next() * 9));
  let count = 0;
  const order = rows.map((row) => Int32Array.from(Array.from({ length: row }, () => count++).sort(() => next() - 0.5)));
  const position = new Int32Array(count);
  order.forEach((row) => row.forEach((node, i) => (position[node] = i)));
  const down = Array.from({ length: count }, (): number[] => []);
  order.slice(0, -1).forEach((row, at) =>
    row.forEach((node) => {
      for (const end of order[at + 1]) if (next() < 0.4) down[node].push(end);
    }),
  );

  let expected = 0;
  for (const row of order) {
    const edges = [...row].flatMap((node) => down[node].map((end) => [position[node], position[end]]));
    for (const [a, b] of edges) for (const [c, d] of edges) if (a < c && b > d) expected++;
  }
  expect(crossings({ down }, order, position)).toBe(expected);
});

const nodes = (count: number) => Array.from({ length: count }, () => ({ width: 120, height: 46 }));

test("an empty graph has no size", () => {
  expect(layout({ sizes: [], arrows: [] })).toMatchObject({ width: 0, height: 0, bends: [] });
});

test("a single node is the whole picture", () => {
  const { x, y, width, height } = layout({ sizes: nodes(1), arrows: [] });
  expect([x[0], y[0], width, height]).toEqual([60, 23, 120, 46]);
});

test("a self loop alone leaves its node where a single node would be", () => {
  const { x, y, bends } = layout({ sizes: nodes(1), arrows: [{ source: 0, target: 0 }] });
  expect([x[0], y[0]]).toEqual([60, 23]);
  expect(bends).toEqual([[]]);
});

test("a cycle has exactly one arrow going back", () => {
  const arrows = [0, 1, 2, 3].map((i) => ({ source: i, target: (i + 1) % 4 }));
  const { x } = layout({ sizes: nodes(4), arrows });
  expect(arrows.filter(({ source, target }) => x[target] < x[source])).toEqual([{ source: 3, target: 0 }]);
});

test("an arrow that was turned round has its bends in its own direction", () => {
  const arrows = [0, 1, 2, 3].map((i) => ({ source: i, target: (i + 1) % 4 }));
  const { bends } = layout({ sizes: nodes(4), arrows });
  const xs = bends[3].map(([x]) => x);
  expect(xs.length).toBeGreaterThanOrEqual(2);
  expect(xs).toEqual(xs.toSorted((a, b) => b - a));
});

test("arrows that cross in the order given are untangled", () => {
  const arrows = [[0, 3], [0, 4], [1, 4], [2, 3]].map(([source, target]) => ({ source, target }));
  const { y } = layout({ sizes: nodes(5), arrows });
  // 0 feeds both, so it belongs between 1 and 2.
  expect(Math.sign(y[1] - y[0])).toBe(Math.sign(y[0] - y[2]));
  expect(Math.sign(y[1] - y[0])).toBe(Math.sign(y[4] - y[3]));
});

test("a source stands in the column before what it feeds", () => {
  const { x } = layout({ sizes: nodes(4), arrows: [{ source: 0, target: 1 }, { source: 1, target: 2 }, { source: 3, target: 2 }] });
  expect(x[3]).toBe(x[1]);
});

test("nodes without arrows stand below the components, in rows", () => {
  const { x, y } = layout({ sizes: nodes(22), arrows: [{ source: 0, target: 1 }] });
  for (let i = 2; i < 22; i++) expect(y[i]).toBeGreaterThan(y[0] + 46);
  expect(new Set(y.slice(2)).size).toBeGreaterThan(1);
  expect(Math.max(...x)).toBeLessThan(900);
});

test("150,000 nodes of one component are laid out", () => {
  const count = 150_000;
  const arrows = Array.from({ length: count - 1 }, (_, i) => ({ source: i >> 2, target: i + 1 }));
  const { height } = layout({ sizes: nodes(count), arrows });
  expect(height).toBeGreaterThan(46);
}, 30_000);
