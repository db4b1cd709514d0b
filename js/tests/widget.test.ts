// @vitest-environment happy-dom
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { decodeGraph } from "../src/protocol";
import widget, { mountPage } from "../src/widget";
import { settle, stubBrowser } from "./page";
import { FakeModel, versionDetails } from "./support";

const written = new Uint8Array(readFileSync(`${import.meta.dirname}/graph.bin`));

let browser: ReturnType<typeof stubBrowser>;
let el: HTMLElement;
let stop: AbortController;
let rpc: FakeModel;
let live: FakeModel;
let shell: FakeModel;

beforeEach(() => {
  browser = stubBrowser();
  el = document.createElement("div");
  document.body.append(el);
  stop = new AbortController();
  rpc = new FakeModel();
  live = new FakeModel({ graph: new DataView(written.slice().buffer) });
  shell = new FakeModel({
    look: { level: "types", direction: "", focused: "", depth: 0, types: [] }, view_id: "1a<b", height: 480, rpc: "IPY_MODEL_r", live: "IPY_MODEL_l",
  });
});
afterEach(() => {
  act(() => stop.abort());
  el.remove();
});

const host = { getModel: async (reference: string) => (reference === "IPY_MODEL_r" ? rpc : live) };
const draw = (more: object = { host }) =>
  act(async () => void (await widget.render({ model: shell, el, signal: stop.signal, ...more })));
const inside = (testid: string) =>
  el.shadowRoot!.querySelector<HTMLElement>(`[data-testid="artnb-${testid}"]`);

describe("in a notebook", () => {
  test("the graph is drawn in a shadow root with its own styles", async () => {
    await draw();
    expect(el.shadowRoot!.querySelector("style")!.textContent).toContain(".artnb {");
    expect(el.shadowRoot!.querySelector(".counts")!.textContent).toBe("8 runs · 4 versions");
    expect(el.shadowRoot!.querySelector<HTMLElement>(".artnb")!.style.height).toBe("480px");
  });

  test("requests go over the second model, a word that the page looks first", async () => {
    await draw();
    expect(rpc.sent).toEqual([{ kind: "request", id: 1, method: "watch", params: { page: expect.any(String), looking: true } }]);
    expect([...live.sent, ...shell.sent]).toEqual([]);
  });

  test.each([
    ["knows no second model", { host: { getModel: async () => Promise.reject(new Error("no")) } }],
    ["has no way to ask", {}],
  ])("a host that %s gets them over the first", async (_, more) => {
    Object.assign(shell.traits, live.traits, { live: null });
    await draw(more);
    expect(shell.sent.map(({ method }) => method)).toEqual(["watch"]);
    expect(el.shadowRoot!.querySelector(".counts")!.textContent).toBe("8 runs · 4 versions");
  });

  test("a host with a widget manager is asked for the second model by its id", async () => {
    const get_model = vi.fn(async (id: string) => (id === "r" ? rpc : live));
    Object.assign(shell, { widget_manager: { get_model } });
    await draw({});
    expect(get_model.mock.calls).toEqual([["r"], ["l"]]);
    expect(rpc.sent).toHaveLength(1);
  });

  test("a model that the host has not made yet is asked for again", async () => {
    let made = false;
    const get_model = vi.fn(async (id: string) => {
      if (!made) throw new Error("widget model not found");
      return id === "r" ? rpc : live;
    });
    Object.assign(shell, { widget_manager: { get_model } });
    const drawn = draw({});
    await vi.waitFor(() => expect(get_model.mock.calls.length).toBeGreaterThan(2));
    expect(el.shadowRoot).toBeNull();
    made = true;
    await drawn;
    expect(el.shadowRoot!.querySelector(".counts")!.textContent).toBe("8 runs · 4 versions");
    expect([rpc.sent.length, shell.sent.length]).toEqual([1, 0]);
  });

  test("a model that hears of no graph asks for it", async () => {
    live.traits.graph = new DataView(new ArrayBuffer(0));
    await draw();
    expect(rpc.sent.map(({ method }) => method)).toEqual(["watch", "graph"]);
    const buffers = [new DataView(written.slice().buffer), new DataView(new ArrayBuffer(0))];
    await act(async () => rpc.emit("msg:custom", { kind: "reply", id: 2, result: {} }, buffers));
    await settle();
    expect(el.shadowRoot!.querySelector(".counts")!.textContent).toBe("8 runs · 4 versions");
  });

  test("the node that Python focused is chosen, and its answer shown", async () => {
    shell.traits.look = { level: "types", direction: "", focused: "v:3", depth: 0, types: [] };
    await draw();
    expect(rpc.sent.at(-1)).toMatchObject({ id: 2, method: "describe", params: { node: "v:3" } });
    rpc.emit("msg:custom", { kind: "reply", id: 2, result: versionDetails({ node: "v:3", ref: "raw:v0", project: decodeGraph(written).project }) });
    await settle();
    expect(inside("panel-title")!.textContent).toBe("raw:v0");
  });

  test("a slow kernel is said to be busy", async () => {
    vi.useFakeTimers();
    await draw();
    await act(async () => void vi.advanceTimersByTime(1600));
    vi.useRealTimers();
    expect(inside("busy")).not.toBeNull();
  });

  test.each(["keydown", "keyup", "keypress"])("a %s inside does not reach the notebook's shortcuts", async (kind) => {
    await draw();
    expect(el.dataset.lmSuppressShortcuts).toBe("true");
    const heard = vi.fn();
    document.body.addEventListener(kind, heard, { signal: stop.signal });
    inside("search")!.dispatchEvent(new KeyboardEvent(kind, { key: "x", bubbles: true, composed: true }));
    expect(heard).not.toHaveBeenCalled();
  });

  test.each([["dark", true], ["light", false]])("a host that says %s in CSS is believed before the system", async (scheme, dark) => {
    vi.stubGlobal("matchMedia", () => Object.assign(new EventTarget(), { matches: !dark }));
    el.style.colorScheme = scheme;
    await draw();
    expect(el.shadowRoot!.querySelector(".artnb")!.classList.contains("dark")).toBe(dark);
  });

  test("the picture for saved notebooks is hidden while the graph lives, and shown after", async () => {
    await draw();
    const rules = () => [...document.head.querySelectorAll("style")].map((style) => style.textContent);
    expect(rules()).toEqual([String.raw`.artnb-static-\31 a\<b { display: none; }`]);
    act(() => stop.abort());
    expect(rules()).toEqual([]);
  });

  test("closing takes down everything: listeners, observers, elements", async () => {
    await draw();
    expect([live.listening, rpc.listening, browser.resizing.size]).toEqual([2, 2, 1]);
    act(() => stop.abort());
    expect([live.listening, rpc.listening, browser.resizing.size]).toEqual([0, 0, 0]);
    expect(rpc.sent.at(-1)).toMatchObject({ method: "watch", params: { ...rpc.sent[0].params, looking: false } });
    expect(el.shadowRoot!.childNodes).toHaveLength(0);
  });

  test("a view that is closed before its second model came draws nothing", async () => {
    const drawn = draw();
    stop.abort();
    await drawn;
    expect(el.shadowRoot).toBeNull();
    expect([live.listening, rpc.listening]).toEqual([0, 0]);
  });
});

describe("in an exported page", () => {
  const data = {
    graph: btoa(String.fromCharCode(...written)), look: { level: "types", direction: "", focused: "v:3", depth: 0, types: [] }, previews: {}, shared: [], blobs: {}, blobsLeftOut: 0,
    details: { "v:3": versionDetails({ node: "v:3", ref: "raw:v0", project: decodeGraph(written).project }) },
  };

  test("the graph and what was focused are shown from the page's own data", async () => {
    await act(async () => mountPage(el, data));
    await settle();
    expect(el.shadowRoot!.querySelector(".artnb.page .counts")!.textContent).toBe("8 runs · 4 versions");
    expect(inside("panel-title")!.textContent).toBe("raw:v0");
  });

  test("a node that the page does not hold says so", async () => {
    await act(async () => mountPage(el, { ...data, look: { ...data.look, focused: "v:8" } }));
    await settle();
    expect(el.shadowRoot!.querySelector(".panel .problem")!.textContent).toBe("This page does not hold that node.");
  });
});
