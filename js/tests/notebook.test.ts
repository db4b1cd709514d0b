// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { cellsOf } from "../src/notebook";

const handleLink = vi.fn((node: HTMLElement) => node.addEventListener("click", (event) => (event.preventDefault(), clicked())));
const clicked = vi.fn();
const manager = { context: { path: "work/own.ipynb", model: { cells: [{ id: "one" }, { id: "two" }] } }, rendermime: { linkHandler: { handleLink } } };
const go = cellsOf({ widget_manager: manager })!;

afterEach(() => {
  document.body.replaceChildren();
  vi.clearAllMocks();
});

test("a cell of the own notebook is gone to by the host's link, which leaves nothing behind", () => {
  expect(go("own.ipynb", "two")).toBe("Went to the cell");
  expect(handleLink.mock.calls[0].slice(1)).toEqual(["work/own.ipynb", "#cell-id=two"]);
  expect([clicked.mock.calls.length, document.body.childElementCount]).toEqual([1, 0]);
});

test("a cell that was deleted since is said to be gone", () => {
  expect(() => go("own.ipynb", "three")).toThrow("own.ipynb has no cell with the id three any more.");
  expect(handleLink).not.toHaveBeenCalled();
});

test("another notebook is found where it is open, and named where it is not", () => {
  expect(() => go("other.ipynb", "x")).toThrow("other.ipynb is not open. Open it, then try again: its cell has the id x.");
  document.body.innerHTML = '<ul><li class="lm-TabBar-tab" title="이름: other.ipynb&#10;경로: deep/er/other.ipynb&#10;크기: 3 kB"></li></ul>';
  expect(go("other.ipynb", "x")).toBe("Went to other.ipynb");
  expect(handleLink.mock.calls[0].slice(1)).toEqual(["deep/er/other.ipynb", "#cell-id=x"]);
});

test.each([{}, { widget_manager: {} }, { widget_manager: { context: manager.context } }, { widget_manager: { ...manager, rendermime: { linkHandler: null } } }])("a host without notebooks has no way to cells: %#", (model) => {
  expect(cellsOf(model)).toBeUndefined();
});
