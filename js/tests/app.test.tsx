// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline, run, runDetails, version, versionDetails } from "./support";

let page: Page;
let state: State;

function begin(found = pipeline()) {
  state = new State(found, "types", answering(versionDetails(), runDetails()));
  page = open(state);
}

beforeEach(() => void stubBrowser());
afterEach(() => page.close());

test("the toolbar names the project and counts runs and versions", () => {
  begin();
  expect(page.root.querySelector(".project")!.textContent).toBe("mnist2 runs · 3 versions");
});

test("one of each is counted in the singular", () => {
  begin(graph([version(1, "raw"), run("a", "one")]));
  expect(page.root.querySelector(".counts")!.textContent).toBe("1 run · 1 version");
});

test("the level buttons switch the level and say which is on", async () => {
  begin();
  const pressed = () => ["types", "names", "instances"].map((level) => page.get(`level-${level}`).getAttribute("aria-pressed"));
  expect(pressed()).toEqual(["true", "false", "false"]);
  await page.click("level-instances");
  expect(state.level.value).toBe("instances");
  expect(pressed()).toEqual(["false", "false", "true"]);
});

test("an empty project says how to begin", () => {
  begin(graph([]));
  expect(page.root.querySelector(".empty")!.textContent).toContain("%%artifact NAME");
});

test("the legend has a row for runs and for each artifact type", () => {
  begin();
  expect([...page.root.querySelectorAll(".legend li")].map((row) => row.textContent!.trim())).toEqual(["run", "dataset", "model"]);
});

test("the table takes the canvas' place, and gives it back", async () => {
  begin();
  const holder = page.root.querySelector<HTMLElement>(".canvas-holder")!;
  await page.click("table-switch");
  expect([holder.hidden, page.all("table").length]).toEqual([true, 1]);
  expect(page.get("table-switch").getAttribute("aria-pressed")).toBe("true");
  await page.click("table-switch");
  expect([holder.hidden, page.all("table").length]).toEqual([false, 0]);
});

test("a busy kernel is said, until it is free", () => {
  begin();
  expect(page.all("busy")).toHaveLength(0);
  act(() => void (state.busy.value = true));
  expect(page.get("busy").getAttribute("role")).toBe("status");
  act(() => void (state.busy.value = false));
  expect(page.all("busy")).toHaveLength(0);
});

test("what is chosen is said to who cannot see it", () => {
  begin();
  act(() => state.select("v:3"));
  expect(page.root.querySelector("[aria-live]")!.textContent).toBe("Artifact net:v0, model");
});

describe("search", () => {
  const results = () => page.all("result").map((each) => each.querySelector(".label")!.textContent);
  const chosen = () => page.all("result").findIndex((each) => each.getAttribute("aria-selected") === "true");

  beforeEach(() => begin());

  test("lists what is found while one types, newest first", () => {
    page.type("search", "dataset");
    expect(results()).toEqual(["clean:v0", "raw:v0"]);
    expect(page.get("search").getAttribute("aria-expanded")).toBe("true");
  });

  test("says that nothing is found", () => {
    page.type("search", "zebra");
    expect(page.root.querySelector("[role=listbox]")!.textContent).toBe("Nothing found");
    page.press("search", "ArrowDown");
    page.press("search", "Enter");
    expect(state.selected.value).toBe("");
  });

  test("goes by arrow keys, round at both ends, and Enter chooses", async () => {
    page.type("search", "dataset");
    expect(page.press("search", "ArrowDown").defaultPrevented).toBe(true);
    expect(chosen()).toBe(1);
    expect(page.get("search").getAttribute("aria-activedescendant")).toBe(page.all("result")[1].id);
    page.press("search", "ArrowDown");
    expect(chosen()).toBe(0);
    page.press("search", "ArrowUp");
    page.press("search", "Enter");
    expect(state.selected.value).toBe("v:1");
    expect([state.query.value, page.all("result").length]).toEqual(["", 0]);
    await page.settle();
    expect(page.get("panel-title").textContent).toBe("raw:v0");
  });

  test("leaves Enter to an input method that still composes a letter", () => {
    page.type("search", "dataset");
    page.press("search", "Enter", { isComposing: true });
    expect([state.selected.value, page.all("result").length]).toEqual(["", 2]);
  });

  test("begins at the first result again when the words change", () => {
    page.type("search", "dataset");
    page.press("search", "ArrowDown");
    page.type("search", "e");
    expect(chosen()).toBe(0);
  });

  test("Escape clears it and closes the list", () => {
    page.type("search", "dataset");
    page.press("search", "Escape");
    expect([state.query.value, page.all("result").length]).toEqual(["", 0]);
  });

  test("a result that is pressed is chosen before the input's blur closes the list", () => {
    page.type("search", "net");
    const down = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
    act(() => void page.all("result")[0].dispatchEvent(down));
    expect(down.defaultPrevented).toBe(true);
    expect(state.selected.value).toBe("v:3");
  });

  test("choosing goes from the table to the graph", async () => {
    await page.click("table-switch");
    page.type("search", "net");
    page.press("search", "Enter");
    expect(state.asTable.value).toBe(false);
  });
});

test.each(HOSTILE)("names that hold %j are text in toolbar, legend, search and table", async (text) => {
  begin({ ...graph([version(1, text, { type: text, aliases: [text] }), run("a", text, { type: text })]), project: text });
  page.type("search", text.split(/\s/)[0]);
  await page.click("table-switch");
  expect(page.all("result")).toHaveLength(2);
  for (const place of [".project", ".legend", ".search", ".table"]) {
    expect(page.root.querySelector(place)!.textContent).toContain(text);
  }
  expect(page.root.querySelector("img")).toBeNull();
  expect(acting(page.root)).toEqual([]);
});
