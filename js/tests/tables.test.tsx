// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Details } from "../src/protocol";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, runDetails, versionDetails } from "./support";

let page: Page;
let browser: ReturnType<typeof stubBrowser>;
const asked: string[] = [];

beforeEach(() => void ((browser = stubBrowser()), asked.splice(0)));
afterEach(() => page.close());

/** Open the tables of a run whose one table is stored as `text`. */
async function show(text: string, details: Details = runDetails({ tables: [{ key: "rows", rows: [{ step: 0, digest: "t" }] }] })) {
  const backend = {
    ...answering(details),
    blob: async (digest: string) => (asked.push(digest), new TextEncoder().encode(text)),
  };
  const state = new State(pipeline(), "instances", backend);
  page = open(state);
  await act(async () => state.select(details.node));
  await page.settle();
  await page.click(`tab-${details.kind === "run" ? "tables" : "files"}`);
  await page.settle();
}

const cells = () => [...page.get("rows").querySelectorAll("td")].map((cell) => cell.textContent);

test("rows stand under their columns, whatever their type", async () => {
  await show('{"artnb":1,"columns":["a","b"],"data":[[1,"x"],[null,true],[[1,2],{"k":1}]]}');
  expect([...page.get("rows").querySelectorAll("th")].map((head) => head.textContent)).toEqual(["a", "b"]);
  expect(cells()).toEqual(["1", "x", "", "true", "[1,2]", '{"k":1}']);
});

test("numbers that JSON does not have are read, and the same words in text are left", async () => {
  await show('{"columns":["a"],"data":[[NaN],[-Infinity],[Infinity],["NaN, \\"Infinity\\""]]}');
  expect(cells()).toEqual(["NaN", "-Infinity", "Infinity", 'NaN, "Infinity"']);
});

test("markup in names and cells is text", async () => {
  await show(JSON.stringify({ columns: HOSTILE, data: [HOSTILE] }));
  expect(cells()).toEqual(HOSTILE);
  expect(page.get("rows").querySelector("img, script, svg, a")).toBeNull();
});

test("a long table is cut, and says so", async () => {
  await show(JSON.stringify({ columns: ["n"], data: Array.from({ length: 130 }, (_, n) => [n]) }));
  expect(cells().length).toBe(100);
  expect(page.get("rows").textContent).toContain("and 30 more rows");
});

test("columns may be called alike, and of very many the first are shown", async () => {
  await show(JSON.stringify({ columns: ["n", "n", ...Array(148).fill("m")], data: [Array.from({ length: 150 }, (_, n) => n)] }));
  expect(cells()).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
  expect(page.get("rows").textContent).toContain("and 50 more columns");
});

test("of a table that was logged at several steps the last is fetched, and a slider goes to the others", async () => {
  const rows = [0, 5, 9].map((step) => ({ step, digest: `t${step}` }));
  await show('{"columns":["a"],"data":[[1]]}', runDetails({ tables: [{ key: "rows", rows }] }));
  expect(asked).toEqual(["t9"]);
  page.type("tables-step", "1");
  await page.settle();
  expect([asked, page.root.querySelector(".steps output")!.textContent]).toEqual([["t9", "t5"], "step 5"]);
});

test("a table that cannot be read says why", async () => {
  await show("{");
  expect(page.get("panel").querySelector(".problem")?.textContent).toBeTruthy();
});

test.each([
  { boxes: { a: null } },
  { boxes: { a: { box_data: "x" } } },
  { boxes: { a: { box_data: [{ class_id: 1 }], class_labels: null } } },
  { boxes: 3, masks: "ab" },
  { masks: { a: null, b: { class_labels: { 1: { type: "script" } } } } },
])("a picture is shown, whatever else its cell says: %j", async (said) => {
  await show(JSON.stringify({ columns: ["i"], data: [[{ _type: "image-file", sha256: "p", width: 4, height: 4, ...said }]] }));
  await browser.intersect();
  expect(page.root.querySelectorAll("figure img[alt='i 1']")).toHaveLength(1);
  expect(acting(page.root)).toEqual([]);
});

test("a picture in a version's table is the entry that the cell names", async () => {
  const file = { size: 1, variable: null, ref: null, meta: {}, picture: false };
  const files = [
    { ...file, path: "t.table.json", format: "table", digest: "table" },
    { ...file, path: "t.media/a.png", format: "png", digest: "picture" },
  ];
  await show('{"columns":["i"],"data":[[{"_type":"image-file","path":"t.media/a.png"}]]}', versionDetails({ files }));
  expect(asked).toEqual(["table"]);
  expect(page.all("image").length).toBe(1);
});
