// @vitest-environment happy-dom
// Metadata searched and compared, aliases changed.
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { differences, flattened } from "../src/differ";
import type { Details, VersionDetails } from "../src/protocol";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, versionDetails } from "./support";

let page: Page;
let state: State;

const sibling = (node: string, version: string) => ({ node, version, aliases: [], created: 1, size: 1, state: "live" });

async function begin(details: Partial<VersionDetails>, other: Partial<VersionDetails> = {}, more: object = {}) {
  const versions = [sibling("v:1", "v0"), sibling("v:2", "v1")];
  const backend = answering(versionDetails({ versions, ...details }), versionDetails({ node: "v:2", version: "v1", ...other }));
  state = new State(pipeline(), "instances", Object.assign(backend, more));
  page = open(state);
  act(() => state.select("v:1"));
  await page.settle();
}
const body = () => page.root.querySelector(".panel .body")!.textContent!;
async function compare(node: string) {
  const select = page.get("metadata-compare") as HTMLSelectElement;
  await act(async () => {
    select.value = node;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await page.settle();
}

beforeEach(() => void stubBrowser());
afterEach(() => page?.close());

test("metadata are values by path, empty ones too", () => {
  expect([...flattened({ a: { b: [1, null] }, c: {}, d: "x" })]).toEqual([["a.b.0", "1"], ["a.b.1", "null"], ["c", "{}"], ["d", "x"]]);
});

test("differences are what came, went or changed", () => {
  expect(differences({ same: 1, went: 2, changed: { by: 3 } }, { same: 1, came: 4, changed: { by: 5 } })).toEqual([
    { path: "came", was: undefined, now: "4" }, { path: "changed.by", was: "3", now: "5" }, { path: "went", was: "2", now: undefined },
  ]);
});

test("where there are no metadata, and no other version, nothing is to be searched", async () => {
  await begin({ metadata: {}, versions: [sibling("v:1", "v0")] });
  await page.click("tab-metadata");
  expect(body()).toBe("No metadata were given.");
});

test("a search leaves the keys and values that hold every word", async () => {
  await begin({ metadata: { model: { layers: 4, kind: "conv" }, seed: 7 } });
  await page.click("tab-metadata");
  page.type("metadata-find", "model CONV");
  expect(page.root.querySelector(".mapping")!.textContent).toBe("model.kindconv");
  page.type("metadata-find", "zebra");
  expect(body()).toContain("No key and no value has that.");
});

test("another version's metadata stand beside", async () => {
  await begin({ metadata: { layers: 4, seed: 7 } }, { metadata: { layers: 2, seed: 7 } });
  await page.click("tab-metadata");
  await compare("v:2");
  const rows = [...page.get("differs").querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows).toEqual([["layers", "2", "4"]]);
  await compare("");
  expect(page.all("differs")).toEqual([]);
});

test("the same metadata are said to be the same", async () => {
  await begin({ metadata: { a: 1 } }, { metadata: { a: 1 } });
  await page.click("tab-metadata");
  await compare("v:2");
  expect(body()).toContain("The metadata of v1 are the same.");
});

test.each(HOSTILE)("metadata that hold %j are text, searched and compared", async (text) => {
  await begin({ metadata: { [text]: text } }, { metadata: { [text]: "other" } });
  await page.click("tab-metadata");
  page.type("metadata-find", text.split(" ")[0]);
  expect(body()).toContain(text);
  await compare("v:2");
  expect(page.get("differs").textContent).toContain(text);
  expect(acting(page.root)).toEqual([]);
});

test("without a kernel aliases are shown and cannot be changed", async () => {
  await begin({ aliases: ["latest", "best"] });
  expect([page.all("alias-add").length, page.all("alias-take").length]).toEqual([0, 0]);
  expect(body()).toContain("best");
});

test("an alias is added and taken, and what is shown follows", async () => {
  const aliases = vi.fn(async (_: string, add: string[], remove: string[]): Promise<Details> =>
    versionDetails({ aliases: ["latest", ...add, ...(remove.length ? [] : ["best"])] }));
  await begin({ aliases: ["latest", "best"] }, {}, { aliases });
  page.type("alias-add", " prod ");
  await act(async () => void page.root.querySelector("form.add-label")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
  await page.settle();
  expect(aliases).toHaveBeenLastCalledWith("v:1", ["prod"], []);
  expect(body()).toContain("prod");
  // `latest` stays where saving put it.
  expect(page.all("alias-take").map((each) => each.getAttribute("aria-label"))).toEqual(["Take the alias prod away", "Take the alias best away"]);
  await page.click("alias-take");
  expect(aliases).toHaveBeenLastCalledWith("v:1", [], ["prod"]);
});

test("a refused alias says why, as text, and stays in the field", async () => {
  const aliases = vi.fn(async () => Promise.reject(new Error(HOSTILE[0])));
  await begin({}, {}, { aliases });
  page.type("alias-add", "a/b");
  await act(async () => void page.root.querySelector("form.add-label")!.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
  await page.settle();
  expect(page.root.querySelector("[role=alert]")!.textContent).toBe(HOSTILE[0]);
  expect((page.get("alias-add") as HTMLInputElement).value).toBe("a/b");
  expect(acting(page.root)).toEqual([]);
});
