// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Chart, Details } from "../src/protocol";
import { along, joined, PLAIN, smoothed } from "../src/series";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, graph, run, runDetails } from "./support";

const chart = (key: string, y: (number | null)[], more: Partial<Chart> = {}): Chart => ({ key, x: y.map((_, i) => i), t: y.map((_, i) => i * 10), y, ...more });

describe("a line", () => {
  test("is as it was logged without smoothing", () => {
    expect(smoothed([1, null, 3], 0)).toEqual([1, null, 3]);
  });

  test("is smoothed without a bias towards zero, and gaps stay gaps", () => {
    // By hand: w = 0.5 over 4, 2: (4), (4 / 4 + 2 / 2) / (3 / 4).
    expect(smoothed([4, null, 2], 0.5)).toEqual([4, null, (1 + 1) / 0.75]);
    expect(smoothed([5, 5, 5, 5], 0.9).every((value) => Math.abs(value! - 5) < 1e-12)).toBe(true);
    expect(smoothed([null], 0.9)).toEqual([null]);
  });

  test("is put in the order of its time, which need not be that of its x", () => {
    expect(along(chart("a", [3, 1, 2], { t: [30, 10, 20] }), "time")).toEqual({ x: [10, 20, 30], y: [1, 2, 3] });
    expect(along({ key: "a", x: [1], y: [2] }, "time")).toEqual({ x: [1], y: [2] });
  });
});

describe("lines over one another", () => {
  test("share x; where only another has one they go on, and their own gaps stay", () => {
    const { data } = joined([chart("a", [1, null], { x: [0, 2] }), chart("a", [5], { x: [1] })], PLAIN);
    expect(data).toEqual([[0, 1, 2], [1, undefined, null], [undefined, 5, undefined]]);
  });

  test("have their values as logged beside the smooth ones", () => {
    expect(joined([chart("a", [4, 2])], { ...PLAIN, smoothing: 0.5 }).data).toEqual([[0, 1], [4, 2 / 0.75], [4, 2]]);
  });

  test("on a logarithmic scale leave out what it has no place for, and count it", () => {
    expect(joined([chart("a", [1, 0, -2, null])], { ...PLAIN, log: true })).toEqual({ data: [[0, 1, 2, 3], [1, null, null, null]], lost: 2, any: true });
    expect(joined([chart("a", [0])], { ...PLAIN, log: true })).toMatchObject({ lost: 1, any: false });
    expect(joined([undefined], PLAIN).any).toBe(false);
  });
});

let page: Page;
let browser: ReturnType<typeof stubBrowser>;
let state: State;

async function begin(...known: Details[]) {
  state = new State(graph([run("a", "one"), run("b", "two"), run("c", "three", { type: "check" })]), "instances", answering(...known));
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("tab-charts");
  await browser.intersect();
}
const details = (node: string, name: string, charts: Chart[]) => runDetails({ node, name, jobType: "train", charts });
const labels = () => [...page.root.querySelectorAll(".chart [role=img]")].map((each) => each.getAttribute("aria-label"));
const pick = (testid: string, node: string) => act(async () => page.all(testid).find((each) => each.dataset.node === node)!.click());

describe("the charts of a run", () => {
  beforeEach(() => void (browser = stubBrowser()));
  afterEach(() => page.close());

  test("stand over those of another, which are loaded when it is chosen, hidden and taken away", async () => {
    await begin(details("r:a", "one", [chart("loss", [3, 2])]), details("r:b", "two", [chart("loss", [1]), chart("only", [7])]));
    expect(labels()).toEqual(["loss: 2 values, the last 2 at step 1"]);
    expect(state.backend.describe).toHaveBeenCalledTimes(1);
    await pick("charts-with", "r:b");
    await page.settle();
    expect(labels()).toEqual([
      "loss: one has 2 values, the last 2 at step 1; two has 1 values, the last 1 at step 0",
      "only: 1 values, the last 7 at step 0",
    ]);
    await act(async () => page.all("line")[0].click());
    expect(page.all("line")[0].getAttribute("aria-pressed")).toBe("false");
    expect(labels()[0]).toBe("loss: 1 values, the last 1 at step 0");
    await act(async () => page.all("line")[1].click());
    expect(labels()[0]).toBe("loss: no line is shown");
    await page.click("line-take");
    // The list of lines is gone, and with it what was hidden there.
    expect(labels()).toEqual(["loss: 2 values, the last 2 at step 1"]);
  });

  test("are drawn anew where only what was counted is another", async () => {
    const bins = (step: number, y: number[]) => details("r:a", "one", [{ key: "w", x: [0, 1], y, step, draw: "bars" }]);
    await begin(bins(1, [5, 2]));
    const before = page.root.querySelector(".uplot")!;
    vi.mocked(state.backend.describe).mockResolvedValue(bins(1, [5, 2]));
    act(() => state.refresh());
    await page.settle();
    expect(page.root.querySelector(".uplot")).toBe(before);
    vi.mocked(state.backend.describe).mockResolvedValue(bins(2, [1, 6]));
    act(() => state.refresh());
    await page.settle();
    expect(page.root.querySelector(".uplot")).not.toBe(before);
  });

  test("offer runs of the same job type first, not the run itself", async () => {
    await begin(details("r:a", "one", [chart("loss", [1])]));
    expect(page.all("charts-with").map((each) => each.dataset.node)).toEqual(["r:b", "r:c"]);
  });

  test("say why another's cannot be had", async () => {
    await begin(details("r:a", "one", [chart("loss", [1])]));
    await pick("charts-with", "r:c");
    await page.settle();
    expect(page.root.querySelector("[role=alert]")!.textContent).toBe("There is no node r:c.");
  });

  test("keep how they are drawn when another run is opened", async () => {
    await begin(details("r:a", "one", [chart("loss", [1, 0])]), details("r:b", "two", [chart("loss", [0, -1])]));
    await act(async () => page.get("charts-log").click());
    expect(page.root.querySelector(".chart")!.textContent).toContain("1 values that are not above zero");
    act(() => state.select("r:b"));
    await page.settle();
    await browser.intersect();
    expect((page.get("charts-log") as HTMLInputElement).checked).toBe(true);
    expect(page.root.querySelector(".chart")!.textContent).toContain("No value is above zero");
  });

  test("are found by name where there are many", async () => {
    await begin(details("r:a", "one", Array.from({ length: 20 }, (_, i) => chart(`m${i}/loss`, [i]))));
    page.type("charts-find", "M7 loss");
    expect(labels()).toEqual(["m7/loss: 1 values, the last 7 at step 0"]);
    page.type("charts-find", "none");
    expect(page.root.textContent).toContain("No metric is called so.");
  });

  test("that are not seen are not drawn", async () => {
    state = new State(graph([run("a", "one")]), "instances", answering(details("r:a", "one", [chart("loss", [1, 2])])));
    page = open(state);
    act(() => state.select("r:a"));
    await page.settle();
    await page.click("tab-charts");
    expect(page.root.querySelectorAll(".uplot")).toHaveLength(0);
    await browser.intersect();
    expect(page.root.querySelectorAll(".uplot")).toHaveLength(1);
  });

  test.each([...HOSTILE, "__proto__", "constructor", ""])("a metric called %j is drawn under its name", async (name) => {
    await begin(details("r:a", name, [chart(name, [1, null, 2])]), details("r:b", name, [chart(name, [null])]));
    await pick("charts-with", "r:b");
    await page.settle();
    await browser.intersect();
    expect(page.get("chart").querySelector("figcaption bdi")!.textContent).toBe(name);
    expect(acting(page.root)).toEqual([]);
  });

  test("that are of one step are drawn as they are, whatever is chosen for lines along steps", async () => {
    const bars = { key: "weights", x: [1, 3], y: [2, 5], draw: "bars", step: 7 } as Chart;
    await begin(details("r:a", "one", [bars, chart("loss", [4, 0])]));
    act(() => void (state.plotting.value = { axis: "time", log: true, smoothing: 0.9 }));
    await browser.intersect();
    expect(labels()[0]).toBe("weights: step 7, 1: 2, 3: 5");
    const [first, second] = [...page.root.querySelectorAll(".chart")];
    expect(first.textContent).toBe("weightsstep 7");
    expect(second.textContent).toContain("not above zero");
  });

  test("whose values have labels are bars of each run, from the least to the most", async () => {
    const bars = (labels: string[], y: (number | null)[]) => ({ key: "score", x: [], y, labels, draw: "labels", step: 3 }) as Chart;
    await begin(details("r:a", "one", [bars([HOSTILE[0], "b"], [-1, 3])]), details("r:b", "two", [bars(["b", "c"], [1, null])]));
    const rows = () => [...page.root.querySelectorAll(".bars tr")].map((row) => row.textContent);
    const drawn = (row: number) => [...page.root.querySelectorAll(".bars tr")[row].querySelectorAll<HTMLElement>("i")].map((each) => each.style.cssText);
    const zeros = () => [...page.root.querySelectorAll<HTMLElement>(".bars td")].map((each) => each.style.getPropertyValue("--zero"));
    expect(rows()).toEqual([`${HOSTILE[0]}-1`, "b3"]);
    expect(drawn(0)).toEqual(["margin-inline-start: 0%; width: 20%;"]);
    expect(drawn(1)).toEqual(["margin-inline-start: 20%; width: 60%;"]);
    expect(zeros()).toEqual(["20%", "20%"]);
    expect(page.get("chart").textContent).toContain("step 3");
    await pick("charts-with", "r:b");
    await page.settle();
    expect(rows()).toEqual([`${HOSTILE[0]}-1`, "b31", "cnot a number"]);
    expect(drawn(1)).toEqual(["margin-inline-start: 20%; width: 60%;", "margin-inline-start: 20%; width: 20%;"]);
    expect(acting(page.root)).toEqual([]);
  });

  test("have a line at zero only where a bar goes below it", async () => {
    await begin(details("r:a", "one", [{ key: "score", x: [], y: [2, 3], labels: ["a", "b"], draw: "labels", step: 3 } as Chart]));
    expect([...page.root.querySelectorAll(".bars td")].map((each) => each.getAttribute("style"))).toEqual([null, null]);
  });

  const columns = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
  const heatmap = (counts: (number | null)[][]): Chart => ({ key: "heat", x: [], y: [], labels: ["r"], columns: columns(counts[0].length), counts, draw: "matrix" });
  const shades = () => [...page.root.querySelectorAll<HTMLElement>(".matrix td[style]")].map((cell) => [cell.textContent, cell.style.getPropertyValue("--part"), cell.className, cell.title]);

  test("that are a heatmap show numbers from the least to the greatest, and both ways from zero", async () => {
    await begin(details("r:a", "one", [heatmap([[2, null, 4]])]));
    expect(shades()).toEqual([["2", "0%", "", ""], ["", "0%", "", ""], ["4", "55%", "", ""]]);
    expect(page.root.querySelector(".matrix caption")!.textContent).toBe("from 2 to 4");
    page.close();
    await begin(details("r:a", "one", [heatmap([[-2, 4]])]));
    expect(shades()).toEqual([["-2", "27.5%", "l1", ""], ["4", "55%", "", ""]]);
  });

  test("that are a heatmap of many columns show colours, and tell each number to the pointer", async () => {
    await begin(details("r:a", "one", [heatmap([columns(20).map((_, i) => i)])]));
    expect(shades()[19]).toEqual(["", "95%", "", "r, c19: 19"]);
    expect(shades()).toHaveLength(20);
  });

  test("that are boxes reach from end to end of all, and say their quartiles", async () => {
    const boxes = { key: "boxes", x: [], y: [3, 5], labels: ["a", "b"], boxes: [[1, 2, 3, 4, 5], [5, 5, 5, 5, 11]], draw: "boxes" } as Chart;
    await begin(details("r:a", "one", [boxes]));
    const rows = [...page.root.querySelectorAll(".bars tr")];
    expect(rows.map((row) => row.textContent)).toEqual(["amedian 3 (2 to 4)", "bmedian 5 (5 to 5)"]);
    const spans = [...rows[0].querySelectorAll("i")].map(({ style }) => [style.insetInlineStart, style.width]);
    expect(spans).toEqual([["0%", "40%"], ["10%", "20%"], ["20%", "0%"]]);
  });

  test("that are a matrix show each count, the darker the more", async () => {
    const matrix = { key: "confusion", x: [], y: [], labels: ["cat", "dog"], counts: [[4, 1], [0, 2]], draw: "matrix", step: 0 } as Chart;
    await begin(details("r:a", "one", [matrix]), details("r:b", "two", [matrix]));
    const cells = [...page.root.querySelectorAll<HTMLElement>(".matrix td[style]")];
    expect(cells.map((each) => [each.textContent, each.style.getPropertyValue("--part")])).toEqual([["4", "55%"], ["1", "13.75%"], ["0", "0%"], ["2", "27.5%"]]);
    expect([...page.root.querySelectorAll(".matrix th")].map((each) => each.textContent)).toEqual(["cat", "dog", "cat", "dog"]);
    await pick("charts-with", "r:b");
    await page.settle();
    expect([...page.root.querySelectorAll(".matrix caption")].map((each) => each.textContent)).toEqual(["one: actual ↓ predicted →", "two: actual ↓ predicted →"]);
  });
});

describe("a chart that a cell showed", () => {
  beforeEach(() => void (browser = stubBrowser()));
  afterEach(() => page.close());

  const shown = async (charts: Chart[]) => {
    state = new State(graph([run("a", "one")]), "instances", answering(runDetails({ node: "r:a", shown: { displays: [{ text: HOSTILE, charts }] } })));
    page = open(state);
    act(() => state.select("r:a"));
    await page.settle();
    await page.click("tab-output");
    await browser.intersect();
  };

  test("is drawn with its lines and bars, which are named; of no step", async () => {
    await shown([
      { key: "up", x: [0, 1], y: [1, 2], draw: "line" },
      { key: "when", x: [86_400], y: [3], draw: "points", dates: true },
      { key: "bars", x: [], y: [4], labels: ["Oslo"], draw: "labels" },
    ]);
    const drawing = page.get("drawing");
    expect([...drawing.querySelectorAll(".series bdi")].map((each) => each.textContent)).toEqual(["up", "when", "bars"]);
    expect(drawing.querySelector("[role=img]")!.getAttribute("aria-label")).toBe(`${HOSTILE}: up has 0: 1, 1: 2; when has 1970-01-02: 3`);
    expect(drawing.querySelector(".bars th")!.textContent).toBe("Oslo");
    expect(drawing.textContent).not.toContain("step");
  });

  test("that cannot be drawn is told", async () => {
    await shown([]);
    expect(page.all("drawing")).toEqual([]);
    expect(page.root.querySelector("pre")!.textContent).toBe(String(HOSTILE));
  });
});
