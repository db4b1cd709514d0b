// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from "vitest";
import { layout } from "../src/layout";
import { viewOf } from "../src/levels";
import type { Graph } from "../src/protocol";
import { faceOf, shortened } from "../src/face";
import { Scene } from "../src/scene";
import type { Item, Level } from "../src/view";
import { readTheme } from "../src/theme";
import { stubBrowser } from "./page";
import { graph, pipeline, version } from "./support";

let browser: ReturnType<typeof stubBrowser>;

beforeEach(() => void (browser = stubBrowser()));

const item = (changes: Partial<Item>): Item => ({
  id: "v:1", kind: "instance", isRun: false, type: "dataset", title: "raw:v0", note: "dataset", badges: [], state: "live", members: [0], ...changes,
});

describe("what is written in a node", () => {
  test("text that fits is left as it is", () => {
    expect(shortened("raw:v0", "13px sans-serif")).toBe("raw:v0");
  });

  test("text that is too wide ends in an ellipsis within the width", () => {
    const short = shortened("x".repeat(100), "13px sans-serif", 70);
    expect(short).toBe(`${"x".repeat(9)}…`);
  });

  test.each([60, 65, 70, 75])("text of signs beyond 16 bits is cut between two of them (at %i)", (most) => {
    expect(shortened("😀".repeat(50), "13px sans-serif", most)).toMatch(/^(😀)+…$/u);
  });

  test.each(["\u202e", "\u2066", "\u200f", "\n", "\u0007", "\u0085"])("the control character %j is taken out", (mark) => {
    expect(shortened(`a${mark}b`, "13px sans-serif")).toBe("a b");
  });

  test("two badges are shown, more are counted", () => {
    const texts = (badges: string[]) => faceOf(item({ badges })).badges.map(({ text }) => text);
    expect(texts(["latest", "best"])).toEqual(["latest", "best"]);
    expect(texts(["latest", "best", "prod", "old"])).toEqual(["latest", "best", "+2"]);
  });

  test("a face is wide enough for its title, and for note and badges side by side", () => {
    const face = faceOf(item({ title: "t".repeat(25) }));
    expect(face.width).toBeGreaterThanOrEqual(25 * 7);
    const badged = faceOf(item({ note: "n".repeat(12), badges: ["latest", "best"] }));
    expect(badged.width).toBeGreaterThanOrEqual(12 * 7 + badged.badges.reduce((sum, { width }) => sum + width, 0));
  });

  test("a face stays narrow however long its texts are", () => {
    expect(faceOf(item({ title: "t".repeat(999), note: "n".repeat(999), badges: ["b".repeat(999), "c".repeat(999)] })).width).toBeLessThan(500);
  });
});

describe("the picture", () => {
  const scene = () => new Scene(document.createElement("canvas"), readTheme(document.body));

  function show(on: Scene, found: Graph, level: Level = "instances") {
    const view = viewOf(found, level);
    const faces = view.items.map(faceOf);
    on.show(view, faces, layout({ sizes: faces, arrows: view.arrows }), ["dataset", "model"]);
    return on;
  }

  test("a node is hit anywhere in its box, and nothing between nodes", () => {
    const drawn = show(scene(), pipeline());
    drawn.resize(800, 500);
    drawn.fit(false);
    for (let i = 0; i < 5; i++) {
      const box = drawn.box(i);
      for (const [x, y] of [[drawn.layout.x[i], drawn.layout.y[i]], [box.left, box.top], [box.right, box.bottom]]) {
        expect(drawn.hit(...drawn.camera.toScreen(x, y))).toBe(i);
      }
    }
    expect(drawn.hit(...drawn.camera.toScreen(drawn.box(0).right + 40, drawn.layout.y[0]))).toBe(-1);
  });

  test("an empty graph has bounds, is hit nowhere and can be drawn", () => {
    const drawn = show(scene(), graph([]));
    drawn.resize(800, 500);
    drawn.fit(false);
    expect(drawn.bounds()).toEqual({ left: 0, top: 0, right: 1, bottom: 1 });
    expect(drawn.hit(400, 250)).toBe(-1);
  });

  test("labels are drawn where they can be read, and left out where they cannot", () => {
    const drawn = show(scene(), pipeline());
    drawn.resize(800, 500);
    drawn.fit(false);
    drawn.paint();
    expect(browser.texts).toContain("net:v0");
    browser.texts.length = 0;
    drawn.camera.scale = 0.1;
    drawn.paint();
    expect(browser.texts).toEqual([]);
  });

  test("what is out of sight is not drawn", () => {
    const drawn = show(scene(), pipeline());
    drawn.resize(800, 500);
    browser.texts.length = 0;
    drawn.moveTo({ x: drawn.layout.x[0], y: drawn.layout.y[0], scale: 3 }, false);
    drawn.paint();
    expect(browser.texts).toContain("raw:v0");
    expect(browser.texts).not.toContain("net:v0");
  });

  test("the keyboard stays at its node when places change", () => {
    const drawn = show(scene(), pipeline());
    drawn.cursor = drawn.view.place.get("r:a")!;
    const { nodes } = pipeline();
    show(drawn, graph([version(9, "new"), ...nodes]));
    expect(drawn.view.items[drawn.cursor].id).toBe("r:a");
  });

  test("the keyboard is nowhere when the new view lacks its node", () => {
    const drawn = show(scene(), pipeline());
    drawn.cursor = drawn.view.place.get("r:b")!;
    show(drawn, pipeline(), "types");
    expect(drawn.cursor).toBe(-1);
  });

  test("artifact types have colours of their own, runs one for all", () => {
    const drawn = show(scene(), pipeline());
    const colours = drawn.view.items.map((each) => drawn.colour(each));
    expect(colours[0]).toBe(colours[1]);
    expect(colours[2]).not.toBe(colours[0]);
    expect(colours[3]).toBe(colours[4]);
  });

  test("moving the camera to a node that is in sight leaves it", () => {
    const drawn = show(scene(), pipeline());
    drawn.resize(800, 500);
    drawn.fit(false);
    const before = { ...drawn.camera };
    drawn.keepInSight(2);
    drawn.reveal(-1);
    expect({ ...drawn.camera }).toEqual(before);
    drawn.reveal(2, false);
    expect(drawn.camera.toScreen(drawn.layout.x[2], drawn.layout.y[2])).toEqual([400, 250]);
  });
});
