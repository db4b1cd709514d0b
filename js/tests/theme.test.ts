// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { readTheme, watchTheme } from "../src/theme";

const PROBES = ["ground", "surface", "text", "muted", "line", "accent"];

function root(colours: Record<string, string>): HTMLElement {
  const made = document.createElement("div");
  for (const name of PROBES) {
    const probe = document.createElement("i");
    probe.dataset.probe = name;
    probe.style.color = colours[name] ?? "rgb(1, 2, 3)";
    made.append(probe);
  }
  document.body.append(made);
  return made;
}

afterEach(() => document.body.replaceChildren());

test("the canvas takes the colours that the stylesheet resolved", () => {
  const theme = readTheme(root({ ground: "rgb(255, 255, 255)", text: "rgb(10, 20, 30)", line: "rgb(200, 200, 200)" }));
  expect(theme).toMatchObject({ dark: false, ground: "rgb(255, 255, 255)", text: "rgb(10, 20, 30)", line: "rgb(200, 200, 200)" });
});

test.each([
  ["rgb(255, 255, 255)", false],
  ["rgb(250, 250, 245)", false],
  ["rgb(17, 17, 17)", true],
  ["rgb(30, 30, 60)", true],
])("a ground of %s is dark: %s", (ground, dark) => {
  expect(readTheme(root({ ground })).dark).toBe(dark);
});

test.each([
  ["rgb(255, 255, 255)", 1],
  ["rgb(17, 17, 17)", 0.0056],
])("on %s each colour of the palette, runs and warnings has a contrast of 3 or more", (ground, luminance) => {
  const theme = readTheme(root({ ground }));
  for (const colour of [...theme.palette, theme.run, theme.warn]) {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
    const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const own = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const contrast = (Math.max(own, luminance) + 0.05) / (Math.min(own, luminance) + 0.05);
    expect(contrast, colour).toBeGreaterThanOrEqual(3);
  }
});

test("both palettes have the same number of colours, all different", () => {
  const [light, dark] = ["rgb(255, 255, 255)", "rgb(0, 0, 0)"].map((ground) => readTheme(root({ ground })).palette);
  expect(new Set(light).size).toBe(7);
  expect(new Set(dark).size).toBe(7);
});

test("a root without probes has its own colour", () => {
  const bare = document.createElement("div");
  bare.style.color = "rgb(9, 9, 9)";
  document.body.append(bare);
  expect(readTheme(bare).text).toBe("rgb(9, 9, 9)");
});

test("color() counts to 1 where rgb() counts to 255", () => {
  // happy-dom does not know color(), so the style is given.
  const given = (color: string) => vi.spyOn(window, "getComputedStyle").mockReturnValue({ color } as CSSStyleDeclaration);
  given("color(srgb 0.98 0.98 0.98)");
  expect(readTheme(document.body).dark).toBe(false);
  given("color(srgb 0.07 0.07 0.07)");
  expect(readTheme(document.body).dark).toBe(true);
});

test.each([
  ["body's class", () => document.body.classList.add("theme-dark")],
  ["JupyterLab's attribute", () => document.body.setAttribute("data-jp-theme-light", "false")],
  ["VS Code's attribute", () => document.body.setAttribute("data-vscode-theme-kind", "vscode-dark")],
  ["the page's theme", () => document.documentElement.setAttribute("data-theme", "dark")],
])("a change of %s is noticed, until the view is gone", async (_, change) => {
  const stop = new AbortController();
  const called = vi.fn();
  watchTheme(called, stop.signal);
  change();
  await vi.waitFor(() => expect(called).toHaveBeenCalledTimes(1));
  stop.abort();
  document.body.classList.toggle("another");
  await new Promise((done) => setTimeout(done, 20));
  expect(called).toHaveBeenCalledTimes(1);
});

test("a change of the system's preference is noticed, until the view is gone", () => {
  const media = new EventTarget();
  vi.stubGlobal("matchMedia", () => media);
  const stop = new AbortController();
  const called = vi.fn();
  watchTheme(called, stop.signal);
  media.dispatchEvent(new Event("change"));
  stop.abort();
  media.dispatchEvent(new Event("change"));
  expect(called).toHaveBeenCalledTimes(1);
});
