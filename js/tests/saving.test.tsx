// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Savings } from "../src/saving";
import { State } from "../src/state";
import { answering, graph, run } from "./support";

let root: HTMLElement;
beforeEach(() => document.body.append((root = document.createElement("div"))));
afterEach(() => (act(() => render(null, root)), root.remove()));

const state = () => new State(graph([run("a", "brisk-reed-1", { state: "running" })]), "instances", answering());

test("a run that saves is named, with its bytes and a bar, until it is done", () => {
  const shown = state();
  act(() => render(<Savings state={shown} />, root));
  expect(root.innerHTML).toBe("");
  act(() => void (shown.saving.value = { a: { name: "net", done: 40e6, total: 120e6 } }));
  expect(root.textContent).toContain("brisk-reed-1 · net: 40 MB of 120 MB");
  const bar = root.querySelector("progress")!;
  expect([bar.value, bar.max, bar.getAttribute("aria-label")]).toEqual([40e6, 120e6, "net: 40 MB of 120 MB"]);
  act(() => void (shown.saving.value = {}));
  expect(root.innerHTML).toBe("");
});

test("many are counted, and names are text", () => {
  const shown = state();
  const saving = Object.fromEntries([..."abcde"].map((id) => [id, { name: "<b>x</b>", done: 1, total: 2 }]));
  act(() => render(<Savings state={shown} />, root));
  act(() => void (shown.saving.value = saving));
  expect(root.querySelectorAll("progress")).toHaveLength(3);
  expect(root.textContent).toContain("and 2 more");
  expect(root.querySelector("b")).toBeNull();
});
