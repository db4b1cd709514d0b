// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { label } from "../src/groups";
import { viewOf } from "../src/levels";
import { State } from "../src/state";
import { open, stubBrowser, type Page } from "./page";
import { answering, graph, pipeline, run, version, versionDetails } from "./support";

let page: Page;
let state: State;

function begin(found = pipeline()) {
  state = new State(found, "types", answering(versionDetails()));
  state.asTable.value = true;
  page = open(state);
}

const rows = () =>
  [...page.root.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent!.trim()));

beforeEach(() => void stubBrowser());
afterEach(() => page.close());

test("each run and version has a row, the newest first", () => {
  begin();
  expect(rows().map((row) => row.slice(0, 5))).toEqual([
    ["artifact", "net:v0 latestbest", "model", "calm-lake-2", ""],
    ["run", "calm-lake-2 failed", "train", "clean:v0", "net:v0"],
    ["artifact", "clean:v0", "dataset", "brisk-reed-1", "calm-lake-2"],
    ["run", "brisk-reed-1", "clean", "raw:v0", "clean:v0"],
    ["artifact", "raw:v0 latest", "dataset", "", "brisk-reed-1"],
  ]);
});

test("the table has every fact of the picture: titles, types, badges, states and arrows", () => {
  begin();
  const view = viewOf(state.graph.value, "instances");
  const byName = new Map(rows().map((row) => [row[1].split(" ")[0], row]));
  for (const item of view.items) {
    const row = byName.get(item.title)!;
    expect(row[2]).toBe(item.note);
    for (const badge of item.badges) expect(row[1]).toContain(badge);
    if (!["live", "finished"].includes(item.state)) expect(row[1]).toContain(item.state);
  }
  for (const { source, target } of view.arrows) {
    expect(byName.get(view.items[source].title)![4]).toContain(view.items[target].title);
    expect(byName.get(view.items[target].title)![3]).toContain(view.items[source].title);
  }
});

test("a name chooses its node, and the row is marked", async () => {
  begin();
  await act(async () => page.root.querySelector<HTMLElement>('[data-node="v:1"]')!.click());
  expect(state.selected.value).toBe("v:1");
  expect([...page.root.querySelectorAll("tr.current")].map((row) => row.children[1].textContent)).toEqual(["raw:v0 latest"]);
});

test("more than three ends are counted", () => {
  const made = [1, 2, 3, 4, 5].map((key) => version(key, `part-${key}`));
  begin(graph([...made, run("a", "split")], made.map(({ id }) => ["r:a", id])));
  expect(rows()[0][4]).toBe("part-1:v0, part-2:v0, part-3:v0 and 2 more");
});

test("a long graph is cut to its newest 500, and says so", () => {
  const many = Array.from({ length: 503 }, (_, key) => version(key, "raw", { number: key }));
  begin(graph(many));
  expect(rows()).toHaveLength(500);
  expect(rows()[0][1]).toBe(label(many[502]));
  expect(page.get("table").textContent).toContain("and 3 more");
});
