// What tests with a DOM share: the parts of a browser that happy-dom lacks, and mounting.

import { render } from "preact";
import { act } from "preact/test-utils";
import { vi } from "vitest";
import { App } from "../src/app";
import type { State } from "../src/state";

/** Markup and addresses that do something wherever they are taken for more than text. */
export const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  '"><svg onload=alert(1)>',
  "javascript:alert(1)",
  "<a href='javascript:alert(1)'>go</a>",
  "&lt;b&gt;",
];

/** Give the page a canvas, sizes, and observers that the test sets off. */
export function stubBrowser(size = { width: 800, height: 500 }) {
  const texts: string[] = [];
  const known: Record<string, unknown> = {
    measureText: (text: string) => ({ width: [...text].length * 7 }),
    fillText: (text: string) => texts.push(text),
  };
  const context = new Proxy(known, { get: (of, name: string) => of[name] ?? (() => undefined) });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(context as any);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockImplementation(() => size.width);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockImplementation(() => size.height);
  vi.stubGlobal("Path2D", class {
    constructor() {
      return new Proxy({}, { get: () => () => undefined });
    }
  });

  // Without motion the camera is where it goes at once.
  vi.stubGlobal("matchMedia", (media: string) => Object.assign(new EventTarget(), { media, matches: media.includes("reduced-motion") }));

  const resizing = new Set<() => void>();
  vi.stubGlobal("ResizeObserver", class {
    #call: () => void;
    constructor(call: () => void) {
      this.#call = call;
    }
    observe() {
      resizing.add(this.#call);
    }
    disconnect() {
      resizing.delete(this.#call);
    }
  });
  const waiting = new Set<(seen: { isIntersecting: boolean }[]) => void>();
  vi.stubGlobal("IntersectionObserver", class {
    #call: (seen: { isIntersecting: boolean }[]) => void;
    constructor(call: (seen: { isIntersecting: boolean }[]) => void) {
      this.#call = call;
    }
    observe() {
      waiting.add(this.#call);
    }
    disconnect() {
      waiting.delete(this.#call);
    }
  });
  return {
    /** What was written on canvases. */
    texts,
    size,
    resizing,
    resize: () => act(() => resizing.forEach((call) => call())),
    /** Everything comes into sight. */
    intersect: () => act(async () => waiting.forEach((call) => call([{ isIntersecting: true }]))),
  };
}

/** Let answers arrive and be shown. */
export const settle = () => act(async () => void (await new Promise((done) => setTimeout(done))));

export type Page = ReturnType<typeof open>;

/** The app in the document, with ways to find and use what is in it. */
export function open(state: State) {
  const root = document.createElement("div");
  root.className = "artnb";
  document.body.append(root);
  act(() => render(<App state={state} />, root));
  const all = (testid: string) => [...root.querySelectorAll<HTMLElement>(`[data-testid="artnb-${testid}"]`)];
  const get = (testid: string) => {
    const [found] = all(testid);
    if (!found) throw new Error(`the page has no artnb-${testid}: ${root.textContent}`);
    return found;
  };
  return {
    root,
    all,
    get,
    click: (testid: string) => act(async () => get(testid).click()),
    type: (testid: string, text: string) =>
      act(() => {
        const input = get(testid) as HTMLInputElement;
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    press: (testid: string, key: string, more: KeyboardEventInit = {}) => {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
      act(() => void get(testid).dispatchEvent(event));
      return event;
    },
    settle,
    close: () => {
      act(() => render(null, root));
      root.remove();
    },
  };
}

/** Elements and attributes through which text of a person could act. */
export function acting(root: Element): string[] {
  const found: string[] = [];
  for (const element of root.querySelectorAll("*")) {
    if (["SCRIPT", "IFRAME", "OBJECT", "A", "SVG", "svg", "LINK"].includes(element.tagName)) found.push(element.tagName);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.push(`${element.tagName} ${name}`);
      if (["src", "href", "action", "srcdoc"].includes(name) && !value.startsWith("blob:")) found.push(`${element.tagName} ${name}=${value}`);
    }
  }
  return found;
}
