// Tall layers are folded, components stand side by side.
import { describe, expect, test } from "vitest";
import { pack } from "../src/layered/pack";
import { layout, type LayoutInput } from "../src/layout";
import { random } from "./support";

const sizes = (count: number) => Array.from({ length: count }, () => ({ width: 150, height: 46 }));

/** One run that makes `count` things, each of which the last run takes. */
function fan(count: number): LayoutInput {
  const things = Array.from({ length: count }, (_, i) => i + 2);
  return {
    sizes: sizes(count + 2),
    arrows: things.flatMap((thing) => [{ source: 0, target: thing }, { source: thing, target: 1 }]),
  };
}

function boxes(input: LayoutInput) {
  const { x, y } = layout(input);
  return input.sizes.map(({ width, height }, i) => ({ left: x[i] - width / 2, right: x[i] + width / 2, top: y[i] - height / 2, bottom: y[i] + height / 2 }));
}

describe("a layer of 200", () => {
  const input = fan(200);

  test.each([0.7, 1.2, 1.6, 2.4])("is folded to a picture of about the shape %f", (aspect) => {
    const { width, height } = layout({ ...input, aspect });
    expect(width / height).toBeGreaterThan(aspect / 1.8);
    expect(width / height).toBeLessThan(aspect * 1.8);
  });

  test("has no two nodes that overlap", () => {
    const all = boxes(input);
    const overlap = all.filter((a, i) => all.slice(i + 1).some((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    expect(overlap).toEqual([]);
  });

  test("has arrows that go forward, past no node", () => {
    const all = boxes(input);
    const { bends } = layout(input);
    input.arrows.forEach(({ source, target }, i) => {
      const xs = [all[source].right, ...bends[i].map(([x]) => x), all[target].left];
      for (let at = 1; at < xs.length; at++) expect(xs[at]).toBeGreaterThan(xs[at - 1]);
      for (let at = 0; at + 1 < bends[i].length; at++) {
        const [[x1, y1], [x2, y2]] = [bends[i][at], bends[i][at + 1]];
        if (y1 !== y2) continue; // rises between two columns
        const through = all.filter((box) => x1 < box.right && x2 > box.left && y1 > box.top - 1 && y1 < box.bottom + 1);
        expect(through).toEqual([]);
      }
    });
  });

  test("leaves its nodes by a lane where others stand to their right, in a last row too", () => {
    const { x, bends } = layout(input);
    const last = Math.max(...x.slice(2));
    input.arrows.forEach(({ source, target }, i) => {
      if (target === 1) expect(bends[i].length).toBe(x[source] === last ? 0 : 2);
    });
  });

  test("keeps its order, row by row", () => {
    const { x, y } = layout({ ...input, before: { x: new Float64Array(202).fill(NaN), y: new Float64Array(202).fill(NaN), grown: false } });
    const rows = new Map<number, number[]>();
    for (let i = 2; i < 202; i++) rows.set(y[i], [...(rows.get(y[i]) ?? []), x[i]]);
    expect(rows.size).toBeLessThan(100);
    for (const row of [...rows.values()].slice(0, -1)) expect(row.length).toBeGreaterThan(1);
  });

  test("lies within the picture, bends included", () => {
    const { width, height, bends } = layout(input);
    for (const [x, y] of bends.flat()) expect(x >= 0 && x <= width && y >= 0 && y <= height).toBe(true);
  });
});

test.each([0.7, 1.2, 1.6, 2.4])("a layer of 200 that lies is folded to a picture of about the shape %f", (aspect) => {
  const input = fan(200);
  const { width, height, y } = layout({ ...input, aspect, direction: "down" });
  expect(width / height).toBeGreaterThan(aspect / 1.8);
  expect(width / height).toBeLessThan(aspect * 1.8);
  expect(y[0]).toBeLessThan(Math.min(...y.slice(2)));
  expect(y[1]).toBeGreaterThan(Math.max(...y.slice(2)));
});

test("a layer of eight that lies is one row", () => {
  const { y } = layout({ ...fan(8), direction: "down" });
  expect(new Set(y.slice(2)).size).toBe(1);
});

test("a layer of ten is one column", () => {
  const { x } = layout(fan(10));
  expect(new Set(x.slice(2)).size).toBe(1);
});

test("an arrow over a folded layer passes between its rows", () => {
  const base = fan(120);
  const input = { ...base, arrows: [...base.arrows, { source: 0, target: 1 }] };
  const all = boxes(input);
  const points = layout(input).bends.at(-1)!;
  expect(points.length).toBeGreaterThan(0);
  for (const [x, y] of points) expect(all.some((box) => x > box.left && x < box.right && y > box.top && y < box.bottom)).toBe(false);
});

describe("components", () => {
  const pairs = (count: number): LayoutInput => ({
    sizes: sizes(2 * count),
    arrows: Array.from({ length: count }, (_, i) => ({ source: 2 * i, target: 2 * i + 1 })),
  });

  test("stand side by side, in about the shape that is asked for", () => {
    const { width, height } = layout({ ...pairs(40), aspect: 1.6 });
    expect(width / height).toBeGreaterThan(1);
    expect(width / height).toBeLessThan(2.6);
  });

  test("of any size never overlap and leave the gap between them", () => {
    for (let seed = 0; seed < 30; seed++) {
      const next = random(seed);
      const parts = Array.from({ length: 40 }, () => ({ width: 20 + next() * 400, height: 20 + next() * 300 }));
      const corners = pack(parts, 1.6, 30);
      corners.forEach(([x1, y1], i) => {
        corners.slice(i + 1).forEach(([x2, y2], n) => {
          const [a, b] = [parts[i], parts[i + 1 + n]];
          const apart = x1 + a.width + 29.99 <= x2 || x2 + b.width + 29.99 <= x1 || y1 + a.height + 29.99 <= y2 || y2 + b.height + 29.99 <= y1;
          expect(apart).toBe(true);
        });
      });
    }
  });

  test("waste little room", () => {
    const next = random(7);
    const parts = Array.from({ length: 60 }, () => ({ width: 100 + next() * 100, height: 50 + next() * 60 }));
    const corners = pack(parts, 1.6, 10);
    const width = Math.max(...corners.map(([x], i) => x + parts[i].width));
    const height = Math.max(...corners.map(([, y], i) => y + parts[i].height));
    const used = parts.reduce((sum, part) => sum + part.width * part.height, 0);
    expect(used / (width * height)).toBeGreaterThan(0.6);
  });

  test("that were there keep their places when another comes", () => {
    const was = layout(pairs(12));
    const grown = pairs(13);
    const more = (values: Float64Array) => Float64Array.from([...values, NaN, NaN]);
    const now = layout({ ...grown, before: { x: more(was.x), y: more(was.y), bends: was.bends, grown: true } });
    expect([...now.x.slice(0, 24)]).toEqual([...was.x]);
    expect([...now.y.slice(0, 24)]).toEqual([...was.y]);
  });
});
