// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Details, Link } from "../src/protocol";
import { State } from "../src/state";
import { HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, graph, later, pipeline, runDetails, version, versionDetails } from "./support";

let page: Page;
let state: State;
let browser: ReturnType<typeof stubBrowser>;

async function begin(...known: Details[]) {
  state = new State(pipeline(), "instances", answering(...known));
  page = open(state);
  act(() => state.select(known[0]?.node ?? "v:1"));
  await page.settle();
}

const tabs = () => [...page.root.querySelectorAll("[role=tab]")].map((tab) => tab.textContent);
const body = () => page.root.querySelector(".panel .body")!.textContent;
const link = (node: string, label: string, changes: Partial<Link> = {}): Link => ({ node, label, type: "t", state: "live", ...changes });

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => page.close());

test("a link names what it stands for; any other version does not", async () => {
  await begin(versionDetails({ source: `demo/${HOSTILE[0]}:v3` }), versionDetails({ node: "v:2" }));
  expect(page.get("source").textContent).toBe(`demo/${HOSTILE[0]}:v3`);
  act(() => state.select("v:2"));
  await page.settle();
  expect(page.all("source")).toEqual([]);
});

test("a tab that cannot be shown says so, and the others are as they were", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  await begin(versionDetails({ versions: null as any, metadata: { rows: 3 } }));
  await page.click("tab-versions");
  expect(body()).toContain("This could not be shown: ");
  await page.click("tab-overview");
  expect(body()).toContain("Digest");
});

test("of very many runs that used a version the first are shown", async () => {
  await begin(versionDetails({ consumers: Array.from({ length: 1700 }, (_, i) => link(`r:${i}`, `run-${i}`)) }));
  expect(page.all("link")).toHaveLength(500);
  expect(body()).toContain("and 1,200 more");
});

test("of what was measured five digits are shown", async () => {
  await begin(runDetails({ summary: { loss: 0.16447778046131134, count: 3, best: { acc: 0.123456789 }, name: "x" } }));
  await page.click("tab-summary");
  expect([...page.root.querySelectorAll(".leaf .value")].map((each) => each.textContent)).toEqual(["0.16448", "3", "0.123456789", "x"]);
});

test("values of metadata stand as they were written", async () => {
  await begin(versionDetails({ metadata: { seed: 20240131, rate: 0.000123456789, more: Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`k${i}`, i])) } }));
  await page.click("tab-metadata");
  expect(body()).toContain("seed20240131");
  expect(body()).toContain("rate0.000123456789");
  expect(body()).toContain("and 100 more");
});

describe("loading", () => {
  test("there is no panel while nothing is chosen", async () => {
    await begin(versionDetails());
    await page.click("panel-close");
    expect([state.selected.value, page.all("panel").length]).toEqual(["", 0]);
  });

  test("the panel is busy until the answer comes", async () => {
    const answer = later<Details>();
    state = new State(pipeline(), "instances", { ...answering(), describe: () => answer.promise });
    page = open(state);
    act(() => state.select("v:1"));
    expect(page.get("panel").getAttribute("aria-busy")).toBe("true");
    expect(body()).toBe("Loading…");
    answer.resolve(versionDetails());
    await page.settle();
    expect(page.get("panel-title").textContent).toBe("raw:v0");
  });

  test("what is of another project is named with it, as in the graph", async () => {
    await begin(versionDetails({ project: "other" }));
    expect(page.get("panel-title").textContent).toBe("other/raw:v0");
  });

  test("an error reply is shown, as text", async () => {
    const backend = answering();
    backend.describe.mockRejectedValue(new Error(HOSTILE[0]));
    state = new State(pipeline(), "instances", backend);
    page = open(state);
    act(() => state.select("v:1"));
    await page.settle();
    expect(page.root.querySelector(".panel .problem")!.textContent).toBe(HOSTILE[0]);
    expect(page.root.querySelector(".panel img")).toBeNull();
  });

  test("what failed can be asked again, where someone is there to answer", async () => {
    const backend = { ...answering(versionDetails()), load: vi.fn() };
    backend.describe.mockRejectedValueOnce(new Error("busy"));
    state = new State(pipeline(), "instances", backend);
    page = open(state);
    act(() => state.select("v:1"));
    await page.settle();
    expect(body()).toContain("busy");
    await page.click("again");
    expect(page.get("panel-title").textContent).toBe("raw:v0");
    expect(page.all("again")).toEqual([]);
    delete (backend as any).load; // as in an exported page
    backend.describe.mockRejectedValueOnce(new Error("not here"));
    act(() => state.select("v:2"));
    await page.settle();
    expect([body(), page.all("again")]).toEqual(["not here", []]);
  });

  test("an answer that comes after another node was chosen is not shown", async () => {
    const answers = { "v:1": later<Details>(), "v:2": later<Details>() };
    state = new State(pipeline(), "instances", {
      ...answering(),
      describe: (node) => answers[node as "v:1"].promise,
    });
    page = open(state);
    act(() => state.select("v:1"));
    act(() => state.select("v:2"));
    answers["v:2"].resolve(versionDetails({ node: "v:2", ref: "clean:v0" }));
    await page.settle();
    answers["v:1"].resolve(versionDetails());
    await page.settle();
    expect(page.get("panel-title").textContent).toBe("clean:v0");
  });

  test("an answer from before the graph was replaced does not take the place of a newer one", async () => {
    const answers = [later<Details>(), later<Details>()];
    let asked = 0;
    state = new State(pipeline(), "instances", { ...answering(), describe: () => answers[asked++].promise });
    page = open(state);
    act(() => state.select("v:1"));
    act(() => state.replace(pipeline()));
    answers[1].resolve(versionDetails({ description: "new" }));
    await page.settle();
    answers[0].resolve(versionDetails({ description: "old" }));
    await page.settle();
    expect(page.root.querySelector(".description")!.textContent).toBe("new");
  });

  test("a replaced graph fetches the open node anew, and shows the old meanwhile", async () => {
    await begin(versionDetails());
    const answer = later<Details>();
    vi.mocked(state.backend.describe).mockReturnValue(answer.promise);
    act(() => state.replace(pipeline()));
    await page.settle();
    expect(page.get("panel-title").textContent).toBe("raw:v0");
    answer.resolve(versionDetails({ description: "seen again" }));
    await page.settle();
    expect(body()).toContain("seen again");
  });
});

describe("tabs", () => {
  test("a version has its five", async () => {
    await begin(versionDetails());
    expect(tabs()).toEqual(["Overview", "Metadata", "Files", "Usage", "Versions"]);
  });

  test("a run has charts, images and output only where there are some", async () => {
    await begin(runDetails());
    expect(tabs()).toEqual(["Overview", "Config", "Summary", "Code"]);
    page.close();
    await begin(runDetails({ shown: { stdout: "hi" }, charts: [{ key: "c", x: [0], y: [1] }], images: [{ key: "i", rows: [] }] }));
    expect(tabs()).toEqual(["Overview", "Config", "Summary", "Charts", "Images", "Code", "Output"]);
  });

  test("a click and the arrow keys switch them, round at the end", async () => {
    await begin(versionDetails({ metadata: { source: "web" } }));
    const list = () => page.root.querySelector<HTMLElement>("[role=tablist]")!;
    const key = (name: string) => act(() => void list().dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true })));
    const current = () => page.root.querySelector("[aria-selected=true]")!.textContent;
    await page.click("tab-metadata");
    expect([current(), body()]).toEqual(["Metadata", "Findsourceweb"]);
    key("ArrowLeft");
    expect(current()).toBe("Overview");
    key("ArrowLeft");
    expect(current()).toBe("Versions");
    key("ArrowRight");
    expect(current()).toBe("Overview");
    expect([...list().children].map((tab) => (tab as HTMLElement).tabIndex)).toEqual([0, -1, -1, -1, -1]);
  });

  test("a tab that the next node lacks gives way to its overview", async () => {
    await begin(versionDetails(), runDetails());
    await page.click("tab-files");
    act(() => state.select("r:a"));
    await page.settle();
    expect(page.root.querySelector("[aria-selected=true]")!.textContent).toBe("Overview");
  });
});

test("a version shows who made it and who used it, and a link goes there", async () => {
  await begin(versionDetails({ producers: [link("r:b", "calm-lake-2", { state: "failed" })] }), runDetails());
  expect(page.get("link").textContent).toBe("calm-lake-2tfailed");
  expect(body()).toContain("No run has used it yet.");
  await page.click("link");
  expect(state.selected.value).toBe("r:b");
});

test("a version says what is wrong with it", async () => {
  await begin(versionDetails({ state: "damaged", problem: "An object is missing." }));
  expect(page.root.querySelector(".panel .problem")!.textContent).toBe("An object is missing.");
  expect(page.get("panel-title").textContent).toBe("raw:v0damaged");
});

test("files show format, size and what is known of them, and how many more there are", async () => {
  const file = { path: "a.npy", size: 2048, format: "npy", variable: "x", digest: "1", ref: null, picture: false };
  await begin(versionDetails({ files: [{ ...file, meta: { shape: [3, 4], dtype: "f4" } }], filesMore: 1200 }));
  await page.click("tab-files");
  expect(page.root.querySelector(".file-tree .file")!.textContent).toBe("a.npyvariable x · 3×4 f4npy2.0 kB");
  expect(body()).toContain("and 1,200 more files");
});

describe("who closes the panel with the keyboard", () => {
  const focused = () => document.activeElement;
  const isClosed = () => [state.selected.value, page.all("panel").length];

  test("by its button is back in the graph; with the mouse the wheel stays the notebook's", async () => {
    await begin(versionDetails());
    const close = () => page.get("panel-close");
    act(() => void close().dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 })));
    expect([...isClosed(), focused()]).toEqual(["", 0, document.body]);
    act(() => state.select("v:1"));
    close().focus();
    act(() => void close().dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 })));
    expect([...isClosed(), focused()]).toEqual(["", 0, page.get("canvas")]);
  });

  test("by Escape is back in the graph, or in the table", async () => {
    await begin(versionDetails());
    page.press("tab-overview", "Escape");
    expect([...isClosed(), focused()]).toEqual(["", 0, page.get("canvas")]);
    act(() => ((state.asTable.value = true), state.select("v:1")));
    page.press("tab-overview", "Escape");
    expect([...isClosed(), focused()]).toEqual(["", 0, page.get("table").querySelector('[data-node="v:1"]')]);
    act(() => ((state.asTable.value = true), state.select("t:dataset")));
    page.press("panel-close", "Escape");
    expect([...isClosed(), focused()]).toEqual(["", 0, page.get("table")]);
  });

  const frame = () => act(async () => void (await new Promise(requestAnimationFrame)));

  test("who goes on by the keyboard to another node is at its name, also once its answer has come", async () => {
    const answer = later<Details>();
    const links = versionDetails({ producers: [link("r:a", "brisk-reed-1")] });
    state = new State(pipeline(), "instances", { ...answering(), describe: async (node) => (node === "v:1" ? links : answer.promise) });
    page = open(state);
    act(() => state.select("v:1"));
    await page.settle();
    page.get("link").focus();
    act(() => void page.get("link").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 })));
    await frame();
    expect(focused()).toBe(page.get("panel-title"));
    answer.resolve(runDetails());
    await page.settle();
    expect([focused(), page.get("panel-title").textContent]).toEqual([page.get("panel-title"), "brisk-reed-1"]);
  });

  test("a row of the table leads to the panel by the keyboard, and by the mouse the focus stays", async () => {
    await begin(versionDetails(), versionDetails({ node: "v:2", ref: "clean:v0" }));
    act(() => void (state.asTable.value = true));
    const row = (node: string) => page.get("table").querySelector<HTMLElement>(`[data-node="${node}"]`)!;
    row("v:2").focus();
    act(() => void row("v:2").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 })));
    await frame();
    expect(focused()).toBe(row("v:2"));
    act(() => void row("v:2").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 })));
    await frame();
    expect(focused()).toBe(page.get("panel-title"));
  });

  test("a button that leads to a cell leaves the focus there", async () => {
    state = new State(pipeline(), "instances", answering(runDetails({ notebook: "a.ipynb", cellId: "x" })));
    const cell = document.body.appendChild(document.createElement("button"));
    state.goToCell = () => (cell.focus(), "Went to the cell");
    page = open(state);
    act(() => state.select("r:a"));
    await page.settle();
    act(() => void page.get("cell").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 })));
    await frame();
    expect(focused()).toBe(cell);
    cell.remove();
  });

  test("a button that goes with what it did leaves the focus in the graph", async () => {
    await begin(versionDetails());
    act(() => state.look("v:1"));
    page.get("crumb").focus();
    act(() => void page.get("crumb").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 0 })));
    await frame();
    expect([page.all("crumb").length, focused()]).toEqual([0, page.get("canvas")]);
  });

  test("has not where Escape is for what is typed", async () => {
    await begin(versionDetails({ metadata: { rows: 1 } }));
    await page.click("tab-metadata");
    page.press("metadata-find", "Escape");
    expect(page.all("panel")).toHaveLength(1);
  });
});

test("a type shows its members, the newest first", async () => {
  state = new State(graph([version(1, "raw"), version(2, "raw", { number: 1, aliases: ["latest"] })]), "types", answering());
  page = open(state);
  act(() => state.select("t:dataset"));
  expect(page.get("panel-title").textContent).toBe("dataset");
  expect(page.all("link").map((each) => each.textContent)).toEqual(["raw:v1latest", "raw:v0"]);
});

test("a run shows its error and output without the terminal's colours", async () => {
  await begin(runDetails({ shown: { stdout: "\u001b[31mred\u001b[0m", error: { traceback: ["Trace", "\u001b[1mKeyError\u001b[0m"] } } }));
  await page.click("tab-output");
  expect([...page.root.querySelectorAll("pre")].map((each) => each.textContent)).toEqual(["Trace\nKeyError", "red"]);
});

test.each([
  [{ name: "ValueError", message: "Sizes differ:\n3 and 4", traceback: "Traceback\n  3 and 4" }, "ValueError: Sizes differ:\n3 and 4"],
  [{ traceback: ["Trace", "\u001b[1mKeyError\u001b[0m"] }, "KeyError"],
  ["Trace\nKeyError: 3\n", "KeyError: 3"],
])("a run that failed says at once what went wrong: %j", async (error, said) => {
  await begin(runDetails({ state: "failed", shown: { error } }));
  expect(page.root.querySelector(".problem")!.textContent).toBe(said);
});

test("a chart says its values to who cannot see it", async () => {
  await begin(runDetails({ charts: [{ key: "loss", x: [0, 1, 2], y: [1, 0.5, 0.25] }, { key: "nan", x: [0], y: [null] }] }));
  await page.click("tab-charts");
  expect([...page.root.querySelectorAll(".chart [role=img]")].map((each) => each.getAttribute("aria-label"))).toEqual([
    "loss: 3 values, the last 0.25 at step 2",
    "nan: 1 values, the last not a number at step 0",
  ]);
});

describe("pictures", () => {
  const picture = { digest: "abc", width: 28, height: 28, format: "png", caption: "seven" };
  const images = [{ key: "digits", rows: [{ step: 0, total: 1, items: [picture] }] }];

  test("are fetched when they come into sight, and bear their caption", async () => {
    await begin(runDetails({ images }));
    await page.click("tab-images");
    expect(state.backend.blob).not.toHaveBeenCalled();
    await browser.intersect();
    expect(state.backend.blob).toHaveBeenCalledExactlyOnceWith("abc");
    const image = page.get("image").querySelector("img")!;
    expect([image.alt, image.src.slice(0, 5)]).toEqual(["seven", "blob:"]);
  });

  test("say why they are not there", async () => {
    await begin(runDetails({ images }));
    vi.mocked(state.backend.blob).mockRejectedValue(new Error("left out of the page"));
    await page.click("tab-images");
    await browser.intersect();
    expect(page.get("image").querySelector(".problem")!.textContent).toBe("left out of the page");
  });

  test("let go of their memory when the panel closes", async () => {
    const revoked = vi.spyOn(URL, "revokeObjectURL");
    await begin(runDetails({ images }));
    await page.click("tab-images");
    await browser.intersect();
    const { src } = page.get("image").querySelector("img")!;
    await page.click("panel-close");
    expect(revoked).toHaveBeenCalledExactlyOnceWith(src);
  });
});
