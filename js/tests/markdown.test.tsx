// @vitest-environment happy-dom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LONGEST, markdown } from "../src/markdown";
import type { Details } from "../src/protocol";
import type { Backend } from "../src/rpc";
import { State } from "../src/state";
import { HOSTILE, open, stubBrowser, type Page } from "./page";
import { answering, pipeline, runDetails, versionDetails } from "./support";

let page: Page;

async function begin(details: Details, more: Partial<Backend> = {}) {
  const state = new State(pipeline(), "instances", { ...answering(details), ...more });
  page = open(state);
  act(() => state.select(details.node));
  await page.settle();
}
const shown = async (description: string) => {
  await begin(versionDetails({ description }));
  return page.get("description");
};
const save = () => act(async () => void page.root.querySelector("form.editor")!.dispatchEvent(new Event("submit", { cancelable: true })));

beforeEach(() => void stubBrowser());
afterEach(() => page?.close());

describe("what markdown means", () => {
  test("headings, lists, emphasis, code, tables and breaks", async () => {
    const found = await shown("# Big\n\none *two* **three** ~~four~~ `five`\nsix\n\n- a\n  1. b\n- [x] c\n\n```py\nx = 1\n```\n\n> said\n\n|k|v|\n|-|-|\n|1|**2**|\n\n---");
    const kinds = [...found.querySelectorAll("*")].map((each) => each.tagName.toLowerCase());
    for (const kind of ["h3", "em", "strong", "del", "code", "br", "ul", "ol", "li", "pre", "blockquote", "table", "th", "td", "hr"]) expect(kinds).toContain(kind);
    expect(found.querySelector("pre")!.textContent).toBe("x = 1");
    expect(found.querySelector("li ol li")!.textContent).toBe("b");
    expect(found.textContent).toContain("☑ c");
  });

  test("plain text keeps its lines, and entities are the characters that they name", async () => {
    const found = await shown("MNIST &amp; more\nAT&T &lt;b&gt; &#233; &#x202e; &bogus;");
    expect(found.querySelectorAll("br")).toHaveLength(1);
    expect(found.textContent).toBe("MNIST & moreAT&T <b> é \ufffd &bogus;");
  });

  test("a list that begins elsewhere goes on from there", async () => {
    expect((await shown("3. c\n4. d")).querySelector("ol")!.start).toBe(3);
  });

  test("a link says where it goes and tells that place nothing", async () => {
    const link = (await shown("[paper](https://example.org/a?b=1) and https://example.org/c")).querySelectorAll("a");
    expect([...link].map((each) => each.getAttribute("href"))).toEqual(["https://example.org/a?b=1", "https://example.org/c"]);
    expect([link[0].title, link[0].target, link[0].rel]).toEqual(["https://example.org/a?b=1", "_blank", "noopener noreferrer nofollow"]);
  });
});

describe("what markdown may not do", () => {
  test.each([...HOSTILE, "<script src=//x.example/a.js></script>", "<style>*{display:none}</style>", "<iframe srcdoc=x>", "<svg><a xlink:href=javascript:alert(1)>"])("%s is shown as it was written, or as a word", async (text) => {
    const found = await shown(`before ${text} after\n\n${text}`);
    expect(found.querySelector("script, img, svg, iframe, style, link, object, form, input, a")).toBeNull();
    expect(found.textContent).toContain("before");
    if (!text.includes("&lt;")) expect(found.textContent).toContain(text);
  });

  test.each([
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))", "[x](<java&#10;script:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)", "[x](vbscript:x)", "[x](file:///etc/passwd)", "[x](blob:https://e/x)",
    "[x](//evil.example)", "[x](/lab/tree/a)", "[x](#top)", "<javascript:alert(x)>", "[x][r]\n\n[r]: javascript:alert(1)",
    "![x](javascript:alert(1))", "![x](data:image/svg+xml,<svg onload=alert(1)>)", "![x](//evil.example/a.png)",
  ])("%s is no link and no picture", async (text) => {
    const found = await shown(text);
    expect(found.querySelector("a, img")).toBeNull();
    expect(found.textContent).toContain("x");
  });

  test("a picture elsewhere is a link to it: nothing is fetched", async () => {
    const found = await shown("![chart](https://evil.example/pixel.png?who=me)");
    expect(found.querySelector("img")).toBeNull();
    expect([found.querySelector("a")!.textContent, found.querySelector("a")!.getAttribute("href")]).toEqual(["chart", "https://evil.example/pixel.png?who=me"]);
  });

  test("attributes cannot be added to a link", async () => {
    const link = (await shown('[x](https://e.org "a\\" onclick=alert(1) b=\\"")')).querySelector("a")!;
    expect(link.getAttributeNames().sort()).toEqual(["href", "rel", "target", "title"]);
  });

  test("what turns text around is taken out", async () => {
    const found = await shown("name\u202egpj.exe \u2066x\u2069 [\u202etxt](https://e.org)");
    expect(found.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  });

  test("a giant text is shown as it is, unparsed", () => {
    const giant = "*a* ".repeat(LONGEST);
    expect(markdown(giant)).toEqual([{ kind: "block", text: giant }]);
  });

  test.each(["> ".repeat(5000), "[".repeat(15000), "*a ".repeat(5000), "- ".repeat(5000), "![[".repeat(4000), "`".repeat(9999), "<".repeat(9000), "|a".repeat(5000) + "\n" + "|-".repeat(5000)])("nesting without end is drawn all the same (%#)", async (text) => {
    expect((await shown(`begin\n\n${text}\n\nend`)).textContent).toContain("begin");
  });
});

describe("editing", () => {
  test("without a kernel there is nothing to edit", async () => {
    await begin(versionDetails({ description: "*old*" }));
    expect(page.all("text-edit")).toHaveLength(0);
  });

  test("the description is edited as it was written, and what was saved is shown", async () => {
    const text = vi.fn(async (_node: string, text: string) => versionDetails({ description: text }));
    await begin(versionDetails({ description: "*old*" }), { text });
    await page.click("text-edit");
    expect((page.get("text") as HTMLTextAreaElement).value).toBe("*old*");
    page.type("text", "**new**");
    await save();
    await page.settle();
    expect(text).toHaveBeenCalledWith("v:1", "**new**");
    expect(page.get("description").querySelector("strong")!.textContent).toBe("new");
  });

  test("a failed save keeps what was typed, and says why", async () => {
    await begin(versionDetails(), { text: () => Promise.reject(new Error(HOSTILE[0])) });
    await page.click("text-edit");
    page.type("text", "much work");
    await save();
    await page.settle();
    expect(page.root.querySelector("[role=alert]")!.textContent).toBe(HOSTILE[0]);
    expect((page.get("text") as HTMLTextAreaElement).value).toBe("much work");
  });

  test("Escape leaves it as it was and does not reach the graph", async () => {
    await begin(versionDetails({ description: "old" }), { text: vi.fn() });
    await page.click("text-edit");
    page.type("text", "other");
    page.press("text", "Escape");
    expect([page.all("text").length, page.get("description").textContent]).toEqual([0, "old"]);
    expect(page.all("panel")).toHaveLength(1);
  });

  test("a run has notes and tags that are edited, too", async () => {
    const tags = vi.fn(async (_node: string, add: string[], remove: string[]) => runDetails({ tags: [...add, "b"].filter((each) => !remove.includes(each)) }));
    const text = vi.fn(async (_node: string, text: string) => runDetails({ notes: text }));
    await begin(runDetails({ tags: ["b"] }), { tags, text });
    page.type("tag-add", " a ");
    await act(async () => void page.root.querySelector("form.add-label")!.dispatchEvent(new Event("submit", { cancelable: true })));
    await page.settle();
    expect(tags).toHaveBeenLastCalledWith("r:a", ["a"], []);
    expect(page.all("tag-take").map((each) => each.getAttribute("aria-label"))).toEqual(["Take the tag a away", "Take the tag b away"]);
    await page.click("tag-take");
    expect(tags).toHaveBeenLastCalledWith("r:a", [], ["a"]);
    await page.click("text-edit");
    page.type("text", "seen");
    await save();
    expect(text).toHaveBeenCalledWith("r:a", "seen");
  });
});
