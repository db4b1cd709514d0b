import { describe, expect, test } from "vitest";
import { Camera } from "../src/camera";
import { random } from "./support";

function camera(changes: Partial<Camera> = {}): Camera {
  return Object.assign(new Camera(), { width: 800, height: 400 }, changes);
}

test("the middle of the canvas is where it looks", () => {
  expect(camera({ x: 30, y: -20, scale: 2 }).toScreen(30, -20)).toEqual([400, 200]);
});

test("to the screen and back gives the same point", () => {
  const next = random(1);
  for (let i = 0; i < 50; i++) {
    const looking = camera({ x: next() * 1e4, y: next() * 1e4, scale: 0.02 + next() * 2.9 });
    const [x, y] = [next() * 1e4, next() * 1e4];
    const [bx, by] = looking.toGraph(...looking.toScreen(x, y));
    expect(bx).toBeCloseTo(x, 6);
    expect(by).toBeCloseTo(y, 6);
  }
});

test("what is visible is the canvas in the graph's measure", () => {
  expect(camera({ x: 10, y: 0, scale: 2 }).visible()).toEqual({ left: -190, right: 210, top: -100, bottom: 100 });
});

test.each([1.3, 0.5, 100, 0.0001])("zooming by %d keeps the point under the pointer", (factor) => {
  const looking = camera({ x: 12, y: 34, scale: 0.7 });
  const before = looking.toGraph(100, 300);
  looking.zoom(factor, 100, 300);
  const after = looking.toGraph(100, 300);
  expect(after[0]).toBeCloseTo(before[0], 8);
  expect(after[1]).toBeCloseTo(before[1], 8);
});

test("the scale stays within its limits", () => {
  const looking = camera();
  looking.zoom(1e6, 0, 0);
  expect(looking.scale).toBe(Camera.MOST);
  looking.zoom(1e-9, 0, 0);
  expect(looking.scale).toBe(Camera.LEAST);
});

test("panning moves the picture with the pointer", () => {
  const looking = camera({ scale: 0.5 });
  const [x, y] = looking.toScreen(7, 9);
  looking.pan(30, -12);
  expect(looking.toScreen(7, 9)).toEqual([x + 30, y - 12]);
});

test.each([
  { left: 0, top: 0, right: 5000, bottom: 300 },
  { left: -200, top: -4000, right: 100, bottom: 4000 },
])("fitting shows all of %j", (box) => {
  const looking = camera();
  Object.assign(looking, looking.fitting(box));
  const seen = looking.visible();
  expect(seen.left).toBeLessThan(box.left);
  expect(seen.right).toBeGreaterThan(box.right);
  expect(seen.top).toBeLessThan(box.top);
  expect(seen.bottom).toBeGreaterThan(box.bottom);
});

test("a small graph is not blown up to fill the canvas", () => {
  expect(camera().fitting({ left: 0, top: 0, right: 10, bottom: 10 }).scale).toBe(1.15);
});

test("a canvas smaller than its margins still gives a scale", () => {
  expect(camera({ width: 20, height: 20 }).fitting({ left: 0, top: 0, right: 10, bottom: 10 }).scale).toBe(Camera.LEAST);
});

describe("bringing a box into sight", () => {
  const box = (left: number, top: number, size = 50) => ({ left, top, right: left + size, bottom: top + size });

  test("moves nothing for a box that is in sight", () => {
    expect(camera().toBring(box(-25, -25))).toEqual([0, 0]);
    expect(camera().toBring(box(-400, -200))).toEqual([0, 0]);
  });

  test.each([
    [box(500, 0), [166, 0]],
    [box(-500, 0), [-116, 0]],
    [box(0, 300), [0, 166]],
    [box(0, -300), [0, -116]],
  ])("moves to %j by no more than it and a margin need: %j", (far, [dx, dy]) => {
    const looking = camera();
    expect(looking.toBring(far)).toEqual([dx, dy]);
    Object.assign(looking, { x: dx, y: dy });
    expect(looking.toBring(far)).toEqual([0, 0]);
  });

  test("the margin is one of the screen, whatever the scale", () => {
    const looking = camera({ scale: 0.5 });
    const far = box(2000, 0);
    looking.x += looking.toBring(far)[0];
    expect(looking.toScreen(far.right, 0)[0]).toBe(800 - 16);
  });

  test("puts a box that is larger than the canvas in the middle", () => {
    expect(camera().toBring(box(1000, 1000, 5000))).toEqual([3500, 3500]);
  });
});

test("a point comes to the middle as far as there is more of the graph that way", () => {
  const all = { left: 0, top: 0, right: 4000, bottom: 300 };
  const { width, height } = camera();
  const half = (width / 2 - 36) / 0.8;
  expect(camera().about(2000, 280, all, 0.8)).toEqual({ x: 2000, y: 150, scale: 0.8 });
  expect(camera().about(3990, 280, all, 0.8).x).toBe(4000 - half);
  expect(camera().about(10, 280, all, 0.8).x).toBe(half);
  expect(height * 0.8).toBeGreaterThan(300);
});

test("panning and zooming end that something is kept in sight", () => {
  for (const move of [(looking: Camera) => looking.pan(1, 0), (looking: Camera) => looking.zoom(1.1, 0, 0)]) {
    const looking = camera({ keeps: "all" });
    move(looking);
    expect(looking.keeps).toBe("");
  }
});
