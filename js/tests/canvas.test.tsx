// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Scene } from "../src/scene";
import { State } from "../src/state";
import { open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline, run, version, versionDetails } from "./support";

let page: Page;
let state: State;
let browser: ReturnType<typeof stubBrowser>;

function begin(found = pipeline(), level: "types" | "instances" = "instances") {
  state = new State(found, level, answering(versionDetails()));
  page = open(state);
  browser.resize();
}

const press = (key: string, more?: KeyboardEventInit) => page.press("canvas", key, more);
const view = () => globalThis.__artnb!.views.at(-1)!;

beforeEach(() => {
  browser = stubBrowser();
  localStorage.clear();
});
afterEach(() => {
  page.close();
  // Everything that the canvas hung on the page is gone with it.
  expect(globalThis.__artnb!.views).toEqual([]);
  expect(browser.resizing.size).toBe(0);
});

test("letters are those of the keyboard, whatever is written with it", () => {
  begin();
  const turned = () => state.direction.value;
  const told = [["D", "KeyD"], ["ㅇ", "KeyD"], ["в", "KeyD"]].map(([key, code]) => (press(key, { code }), turned()));
  expect(told).toEqual(["down", "right", "down"]);
  press("d", { code: "KeyH" });
  press("h", { code: "KeyD" });
  expect(turned()).toBe("right");
});

test("a choice lays nothing out", async () => {
  begin();
  await page.click("level-names");
  const shown = vi.spyOn(Scene.prototype, "show");
  act(() => state.select("c:raw"));
  act(() => state.select("c:clean"));
  expect(shown).not.toHaveBeenCalled();
});

describe("direction", () => {
  const along = () => ["v:1", "r:a", "v:2", "r:b", "v:3"].map((id) => view().node(id)!);

  test("the button and D turn the graph; places follow, and the next graph too", async () => {
    begin();
    expect(new Set(along().map(({ y }) => Math.round(y))).size).toBe(1);
    await page.click("direction");
    const down = along();
    expect(new Set(down.map(({ x }) => Math.round(x))).size).toBe(1);
    expect(down.map(({ y }) => y)).toEqual(down.map(({ y }) => y).toSorted((a, b) => a - b));
    expect(page.get("direction").getAttribute("aria-pressed")).toBe("true");
    expect(new State(pipeline(), "types", answering()).direction.value).toBe("down");
    press("d");
    expect(new Set(along().map(({ y }) => Math.round(y))).size).toBe(1);
    expect(localStorage.getItem("artnb.direction")).toBe("right");
  });

  test("what Python asks for goes before what the browser remembers", () => {
    localStorage.setItem("artnb.direction", "right");
    begin();
    const look = { level: "instances", focused: "", depth: 0, types: [] };
    act(() => state.begin({ ...look, direction: "down" }));
    expect(new Set(along().map(({ x }) => Math.round(x))).size).toBe(1);
    act(() => state.begin({ ...look, direction: "" }));
    expect(state.direction.value).toBe("right");
    expect(localStorage.getItem("artnb.direction")).toBe("right");
  });

  test("it stays through levels and news", () => {
    begin();
    act(() => state.turn());
    act(() => state.setLevel("types"));
    act(() => state.replace(pipeline()));
    expect(view().node("t:model")!.y).toBeGreaterThan(view().node("j:train")!.y);
  });
});

test("the first picture is drawn once, as soon as the canvas has a size", async () => {
  state = new State(pipeline(), "instances", answering());
  page = open(state);
  expect(view().nodes()).toHaveLength(5);
  const [{ title }] = state.view.value.items;
  const drawn = () => browser.texts.filter((text) => text === title);
  expect(drawn()).toEqual([]);
  browser.resize();
  expect(drawn()).toHaveLength(1);
  await new Promise(requestAnimationFrame);
  expect(drawn()).toHaveLength(1);
});

describe("search", () => {
  test("what is found is marked, collapsed too, until the words are gone", () => {
    begin();
    page.type("search", "dataset");
    expect(view().found).toEqual(["v:2", "v:1"]);
    act(() => state.setLevel("types"));
    expect(view().found).toEqual(["t:dataset"]);
    page.type("search", "");
    expect(view().found).toEqual([]);
  });
});

describe("keyboard", () => {
  test("the canvas is one tab stop that says how it is used", () => {
    begin();
    const canvas = page.get("canvas");
    expect([canvas.tabIndex, canvas.getAttribute("role")]).toEqual([0, "application"]);
    expect(canvas.getAttribute("aria-label")).toContain("Arrow keys");
  });

  test("arrow keys begin at the left and follow the arrows both ways", () => {
    begin();
    const said: string[] = [];
    for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"]) {
      press(key);
      said.push(state.said.value);
    }
    expect(said).toEqual([
      "Artifact raw:v0, dataset; 0 in, 1 out",
      "Run brisk-reed-1, clean; 1 in, 1 out",
      "Artifact clean:v0, dataset; 1 in, 1 out",
      "Run brisk-reed-1, clean; 1 in, 1 out",
    ]);
  });

  test("up and down go within the column, and stop at its ends", () => {
    const made = [1, 2, 3].map((key) => version(key, `part-${key}`));
    begin(graph([...made, run("a", "split")], made.map(({ id }) => ["r:a", id])));
    const at = () => state.said.value.split(",")[0];
    press("ArrowRight");
    press("ArrowRight");
    press("ArrowUp");
    press("ArrowUp");
    const top = at();
    press("ArrowDown");
    press("ArrowDown");
    const bottom = at();
    press("ArrowDown");
    expect(at()).toBe(bottom);
    expect([top, bottom]).toEqual(["Artifact part-1:v0", "Artifact part-3:v0"]);
  });

  test("where arrows go down, so do the keys that follow them", () => {
    begin(graph([version(1, "a"), version(2, "b"), run("x", "join"), version(3, "c")], [["v:1", "r:x"], ["v:2", "r:x"], ["r:x", "v:3"]]));
    press("d");
    const at = () => state.said.value.split(",")[0];
    const seen = ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp"].map((key) => (press(key), at()));
    expect(seen).toEqual(["Artifact a:v0", "Artifact b:v0", "Artifact b:v0", "Run join", "Artifact c:v0", "Run join"]);
  });

  test.each(["Enter", " "])("%j opens the node that the keyboard is at", (key) => {
    begin();
    press("ArrowRight");
    press("ArrowRight");
    press(key);
    expect(state.selected.value).toBe("r:a");
  });

  test("Escape closes what is open, then leaves the canvas", () => {
    begin();
    act(() => state.select("v:1"));
    page.get("canvas").focus();
    press("Escape");
    expect([state.selected.value, document.activeElement]).toEqual(["", page.get("canvas")]);
    press("Escape");
    expect(document.activeElement).not.toBe(page.get("canvas"));
  });

  test("after the level changed the keyboard is at what holds its node", () => {
    begin();
    for (let i = 0; i < 5; i++) press("ArrowRight");
    act(() => state.setLevel("types"));
    press("Enter");
    expect(state.selected.value).toBe("t:model");
  });

  test("what it takes is kept from the notebook, what it does not is left", () => {
    begin();
    let heard = 0;
    page.root.addEventListener("keydown", () => heard++);
    for (const key of ["ArrowRight", "Enter", "+", "-", "0", "f", "Escape"]) expect(press(key).defaultPrevented).toBe(true);
    expect(heard).toBe(0);
    for (const key of ["Tab", "a"]) expect(press(key).defaultPrevented).toBe(false);
    expect(press("f", { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(heard).toBe(3);
  });

  test("an empty graph takes no arrow key", () => {
    begin(graph([]));
    expect(press("ArrowRight").defaultPrevented).toBe(false);
    expect(press("Enter").defaultPrevented).toBe(true);
    expect(state.selected.value).toBe("");
  });
});

describe("pointer", () => {
  const canvas = () => page.get("canvas");
  const at = (kind: string, x: number, y: number) =>
    act(() => void canvas().dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: y, button: 0, pointerId: 1, bubbles: true })));

  beforeEach(() => {
    begin();
    canvas().setPointerCapture = () => undefined;
  });

  test("a click on a node chooses it, a click beside it chooses nothing", () => {
    const { x, y } = view().node("r:b")!;
    at("pointerdown", x, y);
    at("pointerup", x, y);
    expect(state.selected.value).toBe("r:b");
    at("pointerdown", 2, 2);
    at("pointerup", 2, 2);
    expect(state.selected.value).toBe("");
  });

  test("a drag pans and chooses nothing", () => {
    const before = view().node("r:b")!;
    at("pointerdown", before.x, before.y);
    at("pointermove", before.x + 50, before.y + 20);
    at("pointerup", before.x + 50, before.y + 20);
    const after = view().node("r:b")!;
    expect([after.x - before.x, after.y - before.y].map(Math.round)).toEqual([50, 20]);
    expect(state.selected.value).toBe("");
  });

  test("the name of what is under the pointer is its title", () => {
    const { x, y } = view().node("v:3")!;
    at("pointermove", x, y);
    expect(canvas().title).toBe("net:v0");
    at("pointerleave", x, y);
    expect(canvas().title).toBe("");
  });
});

describe("wheel", () => {
  const wheel = (held: object = {}) => {
    const event = new WheelEvent("wheel", { deltaY: -100, bubbles: true, cancelable: true });
    // happy-dom's wheel events lack what a mouse's have.
    Object.assign(event, { clientX: 10, clientY: 10, ctrlKey: false, metaKey: false, ...held });
    page.get("canvas").dispatchEvent(event);
    return event.defaultPrevented;
  };

  test("the page scrolls past a graph that is not focused", () => {
    begin();
    const before = view().nodes();
    expect(wheel()).toBe(false);
    expect(view().nodes()).toEqual(before);
  });

  test.each([{ ctrlKey: true }, { metaKey: true }])("with %j held it zooms", (held) => {
    begin();
    const before = view().nodes();
    expect(wheel(held)).toBe(true);
    expect(view().nodes()).not.toEqual(before);
  });

  test("in a canvas that is focused it zooms", () => {
    begin();
    page.get("canvas").focus();
    expect(wheel()).toBe(true);
  });
});
