// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fileTree, type Folder } from "../src/filetree";
import { LARGEST_DOWNLOAD, type FileDetails, type Preview } from "../src/protocol";
import type { Backend } from "../src/rpc";
import { State } from "../src/state";
import { acting, HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, later, pipeline, versionDetails } from "./support";

let page: Page | undefined;
let browser: ReturnType<typeof stubBrowser>;

const file = (path: string, more: Partial<FileDetails> = {}): FileDetails => ({
  path, size: 100, format: "file", variable: null, digest: "1", ref: null, picture: false, meta: {}, ...more,
});

async function begin(files: FileDetails[], more: Partial<Backend> = {}) {
  const state = new State(pipeline(), "instances", { ...answering(versionDetails({ files })), ...more });
  page = open(state);
  act(() => state.select("v:1"));
  await page.settle();
  await page.click("tab-files");
  return Object.assign(page, { state });
}

/** Open the one file, whose preview is given. */
async function preview(shown: Preview, path = "a", more: Partial<Backend> = {}) {
  const found = await begin([file(path)], { preview: async () => shown, ...more });
  await found.click("file");
  await found.settle();
  return found.get("preview");
}

beforeEach(() => void (browser = stubBrowser()));
afterEach(() => (page?.close(), (page = undefined)));

describe("of more files than the panel was told of", () => {
  const told = Array.from({ length: 30 }, (_, i) => file(`file-${i}.txt`));
  const toldOf = async (backend: Partial<Backend>) => {
    const state = new State(pipeline(), "instances", { ...answering(versionDetails({ files: told, filesMore: 70 })), ...backend });
    page = open(state);
    act(() => state.select("v:1"));
    await page.settle();
    await page.click("tab-files");
    return page;
  };
  const names = () => page!.all("file").map((each) => (each as HTMLElement).dataset.path);
  afterEach(() => void vi.useRealTimers());

  test("more are shown when they are asked for", async () => {
    const files = vi.fn(async (_node: string, _find: string, after: number) => ({ files: [file(`file-${after}.txt`)], more: after === 30 ? 69 : 0 }));
    const shown = await toldOf({ files });
    expect(shown.root.textContent).toContain("and 70 more files Show 30 more");
    await shown.click("files-more");
    await shown.click("files-more");
    expect(files.mock.calls).toEqual([["v:1", "", 30], ["v:1", "", 31]]);
    expect(names()).toEqual([...told.map(({ path }) => path), "file-30.txt", "file-31.txt"]);
    expect(shown.all("files-more")).toEqual([]);
  });

  test("who asks twice for more gets them once", async () => {
    const answer = later<{ files: FileDetails[]; more: number }>();
    const shown = await toldOf({ files: () => answer.promise });
    await shown.click("files-more");
    await shown.click("files-more");
    await act(async () => answer.resolve({ files: [file("file-30.txt")], more: 69 }));
    expect(names().filter((name) => name === "file-30.txt")).toHaveLength(1);
  });

  test("all are searched, and an answer that comes late is not shown", async () => {
    const answers: Record<string, (found: { files: FileDetails[]; more: number }) => void> = {};
    const files = vi.fn((_node: string, find: string) => new Promise<{ files: FileDetails[]; more: number }>((resolve) => (answers[find] = resolve)));
    const shown = await toldOf({ files });
    vi.useFakeTimers();
    shown.type("files-find", "9");
    shown.type("files-find", "99");
    expect(shown.root.textContent).toContain("Searching…");
    expect(shown.root.textContent).not.toContain("called so");
    await act(async () => void vi.advanceTimersByTime(1000));
    shown.type("files-find", "98");
    await act(async () => void vi.advanceTimersByTime(1000));
    await act(async () => answers["98"]({ files: [file("file-98.txt")], more: 0 }));
    await act(async () => answers["99"]({ files: [file("file-99.txt")], more: 0 }));
    expect(files.mock.calls.map(([, find]) => find)).toEqual(["99", "98"]);
    expect(names()).toEqual(["file-98.txt"]);
  });

  test("a page that holds no others says so", async () => {
    const files = vi.fn();
    const shown = await toldOf({ files, lists: () => false });
    expect(shown.get("files-find").parentElement!.textContent).toBe("Findin the first 30 of 100 files");
    shown.type("files-find", "99");
    expect(shown.root.textContent).toContain("None of the first 30 files is called so.");
    expect(files).not.toHaveBeenCalled();
    expect(shown.all("files-more")).toEqual([]);
  });
});

describe("folders", () => {
  const outline = (folder: Folder): unknown => ({ [`${folder.name} ${folder.count} ${folder.size}`]: [...folder.folders.map(outline), ...folder.files.map((each) => each.name)] });

  test("hold what lies in them, with its size; one that holds only another is one with it", () => {
    expect(outline(fileTree(["a/b/c.txt", "a/b/d/e.txt", "f/g/h.txt", "i"].map((path) => file(path))))).toEqual({
      " 4 400": [{ "a/b 2 200": [{ "d 1 100": ["e.txt"] }, "c.txt"] }, { "f/g 1 100": ["h.txt"] }, "i"],
    });
  });

  test("may be called like what every object has", () => {
    expect(outline(fileTree([file("__proto__/constructor"), file("__proto__/x")]))).toEqual({ " 2 200": [{ "__proto__ 2 200": ["constructor", "x"] }] });
  });

  test("fold, and a search opens those that hold what it finds", async () => {
    const many = await begin(Array.from({ length: 30 }, (_, i) => file(`in/file-${i}.txt`)), {});
    expect((many.get("folder").closest("details") as HTMLDetailsElement).open).toBe(false);
    many.type("files-find", "FILE-29");
    expect((many.get("folder").closest("details") as HTMLDetailsElement).open).toBe(true);
    expect(many.get("files").textContent).toBe("in/1100 Bfile-29.txt100 B");
    many.type("files-find", "none");
    expect(many.root.textContent).toContain("No file is called so.");
  });
});

describe("a preview", () => {
  test("is asked for when the file is opened, once, and closes", async () => {
    const asked = vi.fn(async (): Promise<Preview> => ({ kind: "text", text: "hello", note: "The first 5 of 9 bytes." }));
    const found = await begin([file("in/a b.txt"), file("other")], { preview: asked });
    expect(asked).not.toHaveBeenCalled();
    const button = found.all("file").find((each) => each.dataset.path === "in/a b.txt")!;
    await act(async () => button.click());
    await found.settle();
    expect(asked).toHaveBeenCalledExactlyOnceWith("v:1", "in/a b.txt");
    expect([button.getAttribute("aria-expanded"), found.get("preview").querySelector("pre")!.textContent]).toEqual(["true", "hello"]);
    expect(found.get("preview").textContent).toContain("The first 5 of 9 bytes.");
    await act(async () => button.click());
    expect(found.all("preview")).toHaveLength(0);
  });

  test("says that it is coming, and why it does not come", async () => {
    const answer = later<Preview>();
    const found = await begin([file("a")], { preview: () => answer.promise });
    await found.click("file");
    expect([found.get("preview").getAttribute("aria-busy"), found.get("preview").textContent!.includes("Loading…")]).toEqual(["true", true]);
    answer.reject(new Error(`The bytes are damaged: ${HOSTILE[0]}`));
    await found.settle();
    expect(found.get("preview").querySelector("[role=alert]")!.textContent).toBe(`The bytes are damaged: ${HOSTILE[0]}`);
  });

  test("that finds damage has the version told of anew, and stays open", async () => {
    const found = await begin([file("a")], { preview: () => Promise.reject(new Error("damaged")) });
    vi.mocked(found.state.backend.describe).mockResolvedValue(versionDetails({ files: [file("a")], state: "damaged" }));
    await found.click("file");
    await found.settle(); // the preview
    await found.settle(); // the version
    expect(found.get("panel-title").textContent).toBe("raw:v0damaged");
    expect(found.get("preview").querySelector("[role=alert]")!.textContent).toBe("damaged");
    expect(found.state.backend.describe).toHaveBeenCalledTimes(2);
  });

  test("of rows is a table under its columns", async () => {
    const found = await preview({ kind: "rows", columns: ["", "x"], rows: [["0", "1.5"]], facts: "1×1 float64", note: "" });
    expect([...found.querySelectorAll("th, tbody td")].map((each) => each.textContent)).toEqual(["x", "0", "1.5"]);
    expect(found.textContent).toContain("1×1 float64");
  });

  test.each([[{ a: [1, { b: null }] }, "a"], [[1, 2], "[1, 2]"], ["text", "text"], [null, "null"], [3, "3"]])("of JSON is a tree: %j", async (value, text) => {
    expect((await preview({ kind: "json", value, note: "" })).textContent).toContain(text);
  });

  test("of a picture is fetched when it is in sight", async () => {
    const found = await preview({ kind: "image", format: "svg+xml", digest: "abc" });
    await browser.intersect();
    expect(found.querySelector("img")!.src).toMatch(/^blob:/);
  });

  test("that has nothing to show says why, and an empty file that it is empty", async () => {
    expect((await preview({ kind: "nothing", message: "pip install 'artnb[frames]'" })).textContent).toContain("pip install");
    page!.close();
    expect((await preview({ kind: "text", text: "", note: "" })).textContent).toContain("The file is empty.");
  });

  test.each(HOSTILE)("takes %s for text wherever it stands", async (text) => {
    for (const shown of [
      { kind: "text", text, note: text },
      { kind: "rows", columns: [text], rows: [[text]], facts: text, note: text },
      { kind: "json", value: { [text]: [text, { [text]: text }] }, note: text },
      { kind: "nothing", message: text },
    ] as Preview[]) {
      const found = await preview(shown, text.replaceAll("/", "|"));
      expect(found.textContent).toContain(text);
      expect(acting(page!.root)).toEqual([]);
      page!.close();
    }
    page = undefined;
  });
});

describe("the whole file", () => {
  const nothing: Preview = { kind: "nothing", message: "" };

  test("comes through the kernel as a file to save", async () => {
    const clicked: HTMLAnchorElement[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      clicked.push(this);
    });
    const get = vi.fn(async () => Uint8Array.of(1, 2));
    await preview(nothing, "in/a.bin", { file: get });
    await page!.click("download");
    await page!.settle();
    expect(get).toHaveBeenCalledExactlyOnceWith("v:1", "in/a.bin");
    expect([clicked[0].download, clicked[0].href.slice(0, 5)]).toEqual(["a.bin", "blob:"]);
  });

  test("that does not come says why", async () => {
    const found = await preview(nothing, "a", { file: () => Promise.reject(new Error("gone")) });
    await page!.click("download");
    await page!.settle();
    expect(found.querySelector("[role=alert]")!.textContent).toBe("gone");
  });

  test("is a plain link where a server has it", async () => {
    await preview(nothing, "in/a.bin", { link: (node, path) => `/x/${node}?path=${encodeURIComponent(path)}` });
    expect([page!.get("download").getAttribute("href"), page!.get("download").getAttribute("download")]).toEqual(["/x/v:1?path=in%2Fa.bin", "a.bin"]);
  });

  test("that is too large for the kernel is a line of code", async () => {
    const found = await begin([file('a"\\.bin', { size: LARGEST_DOWNLOAD + 1 })], { preview: async () => nothing, file: async () => new Uint8Array() });
    await found.click("file");
    await found.settle();
    expect(found.all("download")).toHaveLength(0);
    expect(found.get("preview").querySelector("code")!.textContent).toBe('artnb.Api().artifact("mnist/raw:v0").get_entry("a\\"\\\\.bin").download()');
  });

  test("that lies elsewhere cannot be had here", async () => {
    const found = await begin([file("a", { ref: "s3://b/a", size: 0 })], { preview: async () => nothing, file: async () => new Uint8Array() });
    expect(found.get("file").textContent).toContain("reference");
    await found.click("file");
    expect(found.all("download")).toHaveLength(0);
  });
});
