// @vitest-environment happy-dom
// Hosts that no test opens in a browser, as they are known from outside: VS Code and Colab.
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import widget from "../src/widget";
import { stubBrowser } from "./page";
import { FakeModel } from "./support";

const written = new Uint8Array(readFileSync(`${import.meta.dirname}/graph.bin`));
let el: HTMLElement;
let stop: AbortController;
let live: FakeModel;
let rpc: FakeModel;

beforeEach(() => {
  stubBrowser();
  sessionStorage.clear();
  document.body.append((el = document.createElement("div")));
  stop = new AbortController();
  rpc = new FakeModel();
  live = new FakeModel({
    graph: new DataView(written.slice().buffer), look: { level: "types", focused: "", depth: 0, types: [] }, view_id: "abc", height: 480, rpc: "IPY_MODEL_r",
  });
});
afterEach(() => {
  act(() => stop.abort());
  document.body.replaceChildren();
  document.body.removeAttribute("data-vscode-theme-kind");
  vi.unstubAllGlobals();
});
const draw = (more: object = {}) => act(async () => void (await widget.render({ model: live, el, signal: stop.signal, ...more })));
const root = () => el.shadowRoot!.querySelector<HTMLElement>(".artnb")!;

test("VS Code hands over the second model by its widget manager; the figure below is hidden", async () => {
  Object.assign(live, { widget_manager: { get_model: async () => rpc } });
  const figure = document.createElement("div");
  figure.className = "artnb-static artnb-static-abc";
  document.body.append(figure);
  await draw();
  expect(rpc.sent.map(({ method }) => method)).toEqual(["watch"]);
  expect(getComputedStyle(figure).display).toBe("none");
});

test("VS Code's ground decides between light and dark, and its change is followed", async () => {
  await draw();
  root().style.setProperty("--vscode-editor-background", "#1e1e1e"); // inherited, in a browser
  const probe = root().querySelector<HTMLElement>('[data-probe="ground"]')!;
  for (const [colour, dark] of [["rgb(30, 30, 30)", true], ["rgb(255, 255, 255)", false]] as const) {
    probe.style.color = colour;
    await act(async () => document.body.setAttribute("data-vscode-theme-kind", dark ? "vscode-dark" : "vscode-light"));
    expect(root().classList.contains("dark")).toBe(dark);
  }
});

test("Colab, which finds no second model, is asked over the first", async () => {
  Object.assign(live, { widget_manager: { get_model: async () => Promise.reject(new Error("unknown model")) } });
  await draw();
  expect(live.sent.map(({ method }) => method)).toEqual(["watch"]);
});
