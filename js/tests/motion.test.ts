// From one picture to the next: who stays, who comes out of what, and who keeps their order.
import { describe, expect, test } from "vitest";
import { DIRECTIONS, layout, type Direction, type Layout, type LayoutInput } from "../src/layout";
import { viewOf, type Shape } from "../src/levels";
import { motionBetween, placesBefore } from "../src/motion";
import { graph, pipeline, random } from "./support";

const picture = (shape: Partial<Shape> = {}, level: "types" | "names" | "instances" = "types", found = pipeline()) => {
  const view = viewOf(found, level, shape);
  return { view, layout: layout({ sizes: view.items.map(() => ({ width: 120, height: 46 })), arrows: view.arrows }) };
};
const placed = ({ view, layout: { x, y } }: ReturnType<typeof picture>, id: string) => {
  const at = view.place.get(id)!;
  return [x[at], y[at]];
};

describe("motion", () => {
  const found = pipeline();
  const before = picture({}, "types", found);
  const after = picture({ opened: new Set(["t:dataset"]) }, "types", found);

  test("what stays begins where it stood", () => {
    const motion = motionBetween(before, after)!;
    const at = after.view.place.get("j:train")!;
    expect([motion.x[at], motion.y[at], motion.fresh[at]]).toEqual([...placed(before, "j:train"), 0]);
  });

  test("parts begin where their group stood", () => {
    const motion = motionBetween(before, after)!;
    const at = after.view.place.get("c:raw")!;
    expect([motion.x[at], motion.y[at], motion.fresh[at]]).toEqual([...placed(before, "t:dataset"), 1]);
  });

  test("a group begins in the middle of its parts", () => {
    const motion = motionBetween(after, before)!;
    const at = before.view.place.get("t:dataset")!;
    const [[x1, y1], [x2, y2]] = [placed(after, "c:raw"), placed(after, "c:clean")];
    expect([motion.x[at], motion.y[at]]).toEqual([(x1 + x2) / 2, (y1 + y2) / 2]);
  });

  test("what comes with a new graph begins in its own place", () => {
    const motion = motionBetween(picture(), picture({}, "instances"))!;
    const last = picture({}, "instances");
    expect([...motion.x]).toEqual([...last.layout.x]);
  });

  test("nothing moves from an empty picture", () => {
    expect(motionBetween(picture({ kept: new Uint8Array(5) }), after)).toBeNull();
  });

  test("a run that began alone goes to what it takes, and moves no one else", () => {
    const nodes = pipeline().nodes.slice(0, 2).concat(pipeline().nodes.slice(3));
    const first: [string, string][] = [["v:1", "r:a"], ["r:a", "v:2"]];
    const alone = picture({}, "instances", graph(nodes, first));
    expect(placed(alone, "r:b")[0]).not.toBeGreaterThan(placed(alone, "v:2")[0]);
    const view = viewOf(graph(nodes, [...first, ["v:2", "r:b"]]), "instances");
    const now = { view, layout: layout({ sizes: view.items.map(() => ({ width: 120, height: 46 })), arrows: view.arrows, before: placesBefore(alone, view) }) };
    expect(placed(now, "r:b")[1]).toBeCloseTo(placed(now, "v:2")[1], 3);
    for (const id of ["v:1", "r:a", "v:2"]) expect(placed(now, id)).toEqual(placed(alone, id));
  });

  test("a picture grows when a group gives way to its parts, and shrinks when it folds", () => {
    expect(placesBefore(before, after.view)).toMatchObject({ grown: true, stayed: 3 });
    expect(placesBefore(after, before.view).grown).toBe(false);
  });
});

/** A graph, and the same with one more node that comes of one or two of the last. */
function grown(seed: number, direction: Direction): { small: LayoutInput; large: LayoutInput } {
  const next = random(seed);
  const count = 30 + Math.floor(next() * 40);
  const sizes = Array.from({ length: count }, () => ({ width: 140, height: 46 }));
  const arrows = Array.from({ length: Math.floor(count * 1.2) }, () => {
    const source = Math.floor(next() * (count - 2));
    return { source, target: Math.min(count - 2, source + 1 + Math.floor(next() * 8)) };
  });
  const more = Array.from({ length: 1 + Math.floor(next() * 2) }, () => ({ source: count - 2 - Math.floor(next() * 8), target: count - 1 }));
  return { small: { sizes: sizes.slice(0, -1), arrows, direction }, large: { sizes, arrows: [...arrows, ...more], direction } };
}

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const beside = (values: Float64Array) => Float64Array.from([...values, NaN]);
const past = (was: Layout) => ({ x: beside(was.x), y: beside(was.y), bends: was.bends, grown: true });

describe.each(DIRECTIONS)("a node that comes, arrows going %s,", (direction) => {
  test("moves few of those that were there", () => {
    const shares = SEEDS.map((seed) => {
      const { small, large } = grown(seed, direction);
      const was = layout(small);
      const now = layout({ ...large, before: past(was) });
      const moved = [...was.x.keys()].filter((i) => Math.hypot(now.x[i] - was.x[i], now.y[i] - was.y[i]) > 8);
      return moved.length / was.x.length;
    });
    const sorted = shares.toSorted((a, b) => a - b);
    expect(sorted[sorted.length >> 1]).toBeLessThan(0.15);
  });

  test("leaves the others' order within their layers, but where that would cost many crossings", () => {
    const turned = SEEDS.filter((seed) => {
      const { small, large } = grown(seed, direction);
      const was = layout(small);
      const now = layout({ ...large, before: past(was) });
      const [along, across] = direction === "down" ? (["y", "x"] as const) : (["x", "y"] as const);
      const layers = new Map<string, number[]>();
      for (const i of was.x.keys()) {
        const key = `${was[along][i]} ${now[along][i]}`;
        layers.set(key, [...(layers.get(key) ?? []), i]);
      }
      return [...layers.values()].some((layer) => {
        const [then, after] = [was[across], now[across]].map((at) => layer.toSorted((a, b) => at[a] - at[b]).join());
        return then !== after;
      });
    });
    expect(turned.length).toBeLessThanOrEqual(2);
  });

  test("a graph that did not change stays where it is", () => {
    const { small } = grown(3, direction);
    const was = layout(small);
    const now = layout({ ...small, before: { ...was, grown: true } });
    now.x.forEach((x, i) => expect(Math.hypot(x - was.x[i], now.y[i] - was.y[i])).toBeLessThan(1e-3));
  });
});
