// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ImageGroup } from "../src/protocol";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, runDetails } from "./support";

let page: Page;
let browser: ReturnType<typeof stubBrowser>;
let state: State;

const row = (step: number, ...captions: string[]) => ({ step, total: captions.length, items: captions.map((caption) => ({ digest: `${step}${caption}`, width: 8, height: 8, format: "png", caption })) });

async function begin(...images: ImageGroup[]) {
  state = new State(pipeline(), "instances", answering(runDetails({ images })));
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("tab-images");
}
const captions = () => [...page.root.querySelectorAll("figure figcaption")].map((each) => each.textContent);
const slide = (to: number) =>
  act(() => {
    const slider = page.get("images-step") as HTMLInputElement;
    slider.value = String(to);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => page.close());

test("of many steps the last is shown, and a slider goes to the others", async () => {
  await begin({ key: "digits", rows: [row(0, "a"), row(50, "b", "c"), row(100, "d")] });
  const slider = page.get("images-step");
  expect([captions(), slider.getAttribute("aria-valuetext")]).toEqual([["d"], "step 100"]);
  slide(1);
  expect([captions(), slider.getAttribute("aria-valuetext")]).toEqual([["b", "c"], "step 50"]);
  expect(page.root.textContent).toContain("2 of 3");
});

test("only what is shown and in sight is fetched", async () => {
  await begin({ key: "digits", rows: [row(0, "a"), row(1, "b")] });
  expect(state.backend.blob).not.toHaveBeenCalled();
  await browser.intersect();
  expect(state.backend.blob).toHaveBeenCalledExactlyOnceWith("1b");
});

test("of many pictures the first are shown, with how many there are, and more when they are asked for", async () => {
  const many = row(0, ...Array.from({ length: 250 }, (_, n) => `n${n}`));
  await begin({ key: "worst", rows: [{ ...many, total: 12_000 }] });
  const said = () => page.root.querySelector("section > .none")?.textContent;
  const more = async () => {
    await page.click("images-more");
    return [captions().length, captions().at(-1), said()];
  };
  expect([page.root.querySelector("h3")!.textContent, captions().length, said()]).toEqual(["worst12,000", 100, "The first 100 of 12,000. Show 100 more"]);
  expect(await more()).toEqual([200, "n199", "The first 200 of 12,000. Show 50 more"]);
  // The rest is in the run's files only.
  expect(await more()).toEqual([250, "n249", "The first 250 of 12,000. "]);
  expect(page.all("images-more")).toHaveLength(0);
  expect(state.backend.blob).not.toHaveBeenCalled();
});

test("a picture that is shown is not fetched again when more are asked for", async () => {
  await begin({ key: "worst", rows: [row(0, ...Array.from({ length: 101 }, (_, n) => `n${n}`))] });
  await browser.intersect();
  await page.click("images-more");
  await browser.intersect();
  expect(vi.mocked(state.backend.blob).mock.calls).toHaveLength(101);
});

test("of pictures that an exported page was too small for only their number is said", async () => {
  const backend = { ...answering(runDetails({ images: [{ key: "seen", rows: [row(0, "a", "b", "c")] }] })), holds: (digest: string) => digest !== "0b" };
  state = new State(pipeline(), "instances", backend);
  page = open(state);
  act(() => state.select("r:a"));
  await page.settle();
  await page.click("tab-images");
  expect([captions(), page.get("images-left-out").textContent]).toEqual([["a", "c"], "2 of 3 pictures are in this page; the others were left out to keep it small."]);
  expect(page.root.textContent).not.toContain("The first");
});

test("several pictures stand side by side, and each is as wide as the panel on a click", async () => {
  const wide = (...names: string[]) => ({ ...row(0, ...names), items: row(0, ...names).items.map((each) => ({ ...each, width: 256, height: 256 })) });
  await begin({ key: "many", rows: [wide("a", "b")] }, { key: "alone", rows: [wide("c")] }, { key: "small", rows: [row(0, "d", "e")] });
  const frames = [...page.root.querySelectorAll<HTMLElement>("button.frame")];
  expect(frames.map((each) => [each.ariaLabel ?? each.getAttribute("aria-label"), each.getAttribute("aria-pressed")])).toEqual([["Enlarge a", "false"], ["Enlarge b", "false"]]);
  act(() => frames[1].click());
  expect([...page.root.querySelectorAll("figure.large figcaption")].map((each) => each.textContent)).toEqual(["b"]);
  act(() => frames[1].click());
  expect(page.root.querySelector("figure.large")).toBeNull();
});

test("one step has no slider, and a name without pictures is not there", async () => {
  await begin({ key: "one", rows: [row(3, "a")] }, { key: "none", rows: [] });
  expect(page.all("images-step")).toHaveLength(0);
  expect([...page.root.querySelectorAll("h3")].map((each) => each.textContent)).toEqual(["one1"]);
});

test.each(HOSTILE)("a picture and its name may be called %s", async (text) => {
  await begin({ key: text, rows: [row(0, text), row(1, text)] });
  await browser.intersect();
  expect(captions()).toEqual([text]);
  expect(acting(page.root)).toEqual([]);
});

test("boxes and masks lie over their picture, in parts of it, with the names of their classes", async () => {
  const labels = { "0": "road", "1": "car" };
  const boxes = {
    guess: {
      class_labels: labels,
      box_data: [
        { position: { minX: 0.25, maxX: 0.75, minY: 0.5, maxY: 1 }, class_id: 1 },
        { position: { middle: [4, 4] as [number, number], width: 2, height: 4 }, domain: "pixel" as const, class_id: 8, box_caption: HOSTILE[0] },
        { position: { minX: 0, maxX: 1, minY: 0, maxY: 1 } },
      ],
    },
  };
  const picture = { digest: "p", width: 8, height: 16, format: "png", caption: null, boxes, masks: [{ digest: "m", class_labels: labels }] };
  await begin({ key: "street", rows: [{ step: 0, total: 1, items: [picture] }] });
  await browser.intersect();
  expect(vi.mocked(state.backend.blob).mock.calls.flat()).toEqual(["p", "m"]);
  const [first, second, third] = page.all("box") as HTMLElement[];
  expect(first.style.cssText).toBe("left: 25%; top: 50%; width: 50%; height: 50%;");
  expect(second.style.cssText).toBe("left: 37.5%; top: 12.5%; width: 25%; height: 25%;");
  expect([first, second, third].map((each) => [each.textContent, each.classList.contains("l1")])).toEqual([["car", true], [HOSTILE[0], true], ["", false]]);
  expect([...page.root.querySelectorAll(".classes span")].map((each) => each.textContent)).toEqual(["road", "car"]);
  expect([...page.root.querySelectorAll("img")].map((each) => [each.className, each.alt])).toEqual([["", "street 1"], ["over", ""]]);
  expect(acting(page.root)).toEqual([]);
});
