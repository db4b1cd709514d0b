// @vitest-environment happy-dom
// Whatever a person wrote is shown as text: no markup of theirs becomes an element.

import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Details, RunDetails, VersionDetails } from "../src/protocol";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, runDetails, versionDetails } from "./support";

let page: Page;
let browser: ReturnType<typeof stubBrowser>;

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => page.close());

/** For each tab, what it says once all its pictures are there. */
async function tabs(details: Details): Promise<Map<string, string>> {
  const state = new State(pipeline(), "instances", answering(details));
  page = open(state);
  act(() => state.select(details.node));
  await page.settle();
  const found = new Map([["title", page.get("panel-title").textContent!]]);
  const ids = [...page.root.querySelectorAll<HTMLElement>("[role=tab]")].map((tab) => tab.dataset.testid!.replace("artnb-", ""));
  for (const id of ids) {
    await page.click(id);
    await browser.intersect();
    expect(acting(page.root)).toEqual([]);
    for (const image of page.root.querySelectorAll("img")) expect(image.src).toMatch(/^blob:/);
    found.set(id.slice(4), page.root.querySelector(".panel .body")!.textContent!);
  }
  return found;
}

const count = (text: string, part: string) => text.split(part).length - 1;

function hostileVersion(text: string): VersionDetails {
  const link = { node: "r:a", label: text, type: text, state: text };
  return versionDetails({
    ref: text, name: text, type: text, state: text, problem: text, aliases: [text], tags: [text], description: text,
    metadata: { [text]: text, list: [text], deep: { [text]: { [text]: text } } }, digest: text, usage: text,
    producers: [link], consumers: [link],
    files: [{ path: text, size: 1, format: text, variable: text, digest: "1", ref: text, meta: { class: text, type: text, shape: [text], dtype: text }, picture: true }],
    versions: [{ node: "v:1", version: text, aliases: [text], created: 1, size: 1, state: text }],
  });
}

function hostileRun(text: string): RunDetails {
  const link = { node: "v:1", label: text, type: text, state: text };
  return runDetails({
    name: text, jobType: text, state: text, problem: text, group: text, tags: [text], notes: text, notebook: text,
    gitCommit: text, id: text, inputs: [link], outputs: [link], environment: { [text]: text }, config: { [text]: [{ [text]: text }] },
    summary: { [text]: text }, charts: [{ key: text, x: [0, 1], y: [1, 2] }], code: text,
    images: [{ key: text, rows: [{ step: 0, total: 1, items: [{ digest: "1", width: 9, height: 9, format: "png", caption: text }] }] }],
    shown: { stdout: text, stderr: text, error: { type: text, message: text }, displays: [{ text }, { digest: "1", mime: text }] },
  });
}

test.each(HOSTILE)("a version whose every field is %j shows it as text", async (text) => {
  const found = await tabs(hostileVersion(text));
  expect(found.get("title")).toContain(text);
  expect(count(found.get("overview")!, text)).toBeGreaterThanOrEqual(12);
  expect(count(found.get("metadata")!, text)).toBe(6);
  // A slash parts a path: the folder and the file have half of it each.
  expect(count(found.get("files")!, text)).toBeGreaterThanOrEqual(text.includes("/") ? 7 : 8);
  expect(count(found.get("versions")!, text)).toBe(3);
});

test.each(HOSTILE)("a run whose every field is %j shows it as text", async (text) => {
  const found = await tabs(hostileRun(text));
  expect(found.get("title")).toContain(text);
  expect(count(found.get("overview")!, text)).toBeGreaterThanOrEqual(14);
  expect(count(found.get("config")!, text)).toBe(3);
  expect(count(found.get("summary")!, text)).toBe(2);
  expect(count(found.get("charts")!, text)).toBe(1);
  expect(count(found.get("images")!, text)).toBe(2);
  expect(count(found.get("code")!, text)).toBe(1);
  expect(count(found.get("output")!, text)).toBe(5);
});

test("acting finds the markup that it is meant to find", () => {
  page = open(new State(pipeline(), "types", answering()));
  const bad = document.createElement("div");
  bad.innerHTML = '<img src="x" onerror="0"><a href="javascript:0">go</a><svg></svg>';
  expect(acting(bad)).toHaveLength(5);
});
