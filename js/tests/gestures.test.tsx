// @vitest-environment happy-dom
import { readFileSync } from "node:fs";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { State } from "../src/state";
import { open, stubBrowser, type Page } from "./page";
import { answering, pipeline } from "./support";

let page: Page;
let state: State;

const begin = () => {
  state = new State(pipeline(), "instances", answering());
  page = open(state);
};
const wheel = (held: object = {}) =>
  act(() => {
    const event = new WheelEvent("wheel", { deltaY: -100, bubbles: true, cancelable: true });
    Object.assign(event, { clientX: 10, clientY: 10, ctrlKey: false, metaKey: false, ...held });
    page.get("canvas").dispatchEvent(event);
  });
const hints = () => page.all("hint").map((each) => each.textContent);

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  stubBrowser();
});
afterEach(() => {
  page.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a wheel that passes over the graph is told how to zoom, for a moment and once", () => {
  begin();
  wheel();
  expect(hints()).toEqual(["To zoom: Ctrl + wheel, or click the graph first"]);
  act(() => void vi.advanceTimersByTime(10_000));
  expect(hints()).toEqual([]);
  wheel();
  expect(hints()).toEqual([]);
  page.close();
  begin();
  wheel();
  expect(hints()).toEqual([]);
});

test("who zooms need not be told any longer", () => {
  begin();
  wheel({ ctrlKey: true });
  expect(hints()).toEqual([]);
  wheel();
  wheel({ ctrlKey: true });
  expect(hints()).toEqual([]);
});

test("nothing is said where the browser keeps nothing, rather than at each wheel", () => {
  begin();
  const forbidden = () => {
    throw new Error("forbidden");
  };
  vi.stubGlobal("sessionStorage", { getItem: forbidden, setItem: forbidden });
  wheel();
  expect(hints()).toEqual([]);
});

test("what hand and keys do is closed by Escape, and by going elsewhere", () => {
  begin();
  const details = page.get("keys").parentElement as HTMLDetailsElement;
  details.open = true;
  page.press("keys", "Enter");
  const leave = (to: Element | null) => act(() => void page.get("keys").dispatchEvent(new FocusEvent("focusout", { bubbles: true, relatedTarget: to })));
  leave(null);
  leave(page.get("gestures"));
  expect(details.open).toBe(true);
  leave(page.get("canvas"));
  expect(details.open).toBe(false);
  details.open = true;
  page.press("keys", "Escape");
  expect(details.open).toBe(false);
});

test("what hand and keys do is said in sight: each key that the graph listens to", () => {
  begin();
  const said = [...page.get("gestures").querySelectorAll("dt")].map((each) => each.textContent!);
  expect(said.slice(0, 6)).toEqual(["Click", "Double click", "Shift + click", "Drag", "Ctrl + wheel, two fingers", "Arrow keys"]);
  const listened = [...readFileSync(`${import.meta.dirname}/../src/input.ts`, "utf8").matchAll(/\bkey === "([^"]+)"/g)].map(([, key]) => key);
  expect(listened).toContain("Escape");
  const shown = said.join(" ").split(/[\s,]+/).map((each) => each.toLowerCase());
  const names: Record<string, string> = { " ": "space", "-": "\u2212", "=": "+" };
  expect(listened.filter((key) => !shown.includes(names[key] ?? key.toLowerCase()))).toEqual([]);
});
