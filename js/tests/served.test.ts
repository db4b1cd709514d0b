// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { addressOf, nodeAt, openServed, ServerBackend, type ServedData } from "../src/served";
import { graph, run, version } from "./support";

// Packed as artnb/widgets/payload.py packs it; two nodes are enough here.
vi.mock("../src/protocol", async (original) => ({
  ...(await original<typeof import("../src/protocol")>()),
  decodeGraph: (bytes: Uint8Array) => graphs[bytes[0]],
}));

const made = [version(1, "raw"), run("abc", "load")];
const graphs = [graph(made, [["r:abc", "v:1"]]), graph([...made, run("def", "train")], [["r:abc", "v:1"]])];
const data: ServedData = { base: "/artnb/two%20words", api: "/artnb-api/", project: "two words", level: "types", focused: "" };

let stop: AbortController;
let asked: string[];
let answer: () => Response;

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
  asked = [];
  answer = () => new Response(new Uint8Array([0]), { headers: { ETag: '"one"' } });
  vi.stubGlobal("fetch", async (url: string) => (asked.push(url), answer()));
  history.replaceState(null, "", data.base);
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("addresses", () => {
  test("every node has one, and it leads back to the node", () => {
    for (const node of made) expect(nodeAt(data.base, addressOf(data.base, node), made)).toBe(node.id);
    expect(made.map((node) => addressOf("/artnb/p", node))).toEqual([
      "/artnb/p/artifacts/raw/v0",
      "/artnb/p/runs/abc",
    ]);
  });

  test("another project's artifact has one of its own, below the project that used it", () => {
    const both = [version(1, "raw"), version(2, "other lab/raw")];
    expect(both.map((node) => addressOf(data.base, node))).toEqual([`${data.base}/artifacts/raw/v0`, `${data.base}/artifacts/other%20lab/raw/v0`]);
    expect(both.map((node) => nodeAt(data.base, addressOf(data.base, node), both))).toEqual(["v:1", "v:2"]);
  });

  test("the project's own opens nothing, and so does one that is unknown", () => {
    expect(addressOf(data.base, undefined)).toBe(data.base);
    expect(nodeAt(data.base, data.base, made)).toBe("");
    expect(nodeAt(data.base, `${data.base}/runs/zzz`, made)).toBe("");
  });
});

describe("requests", () => {
  test("the project and the node are one part of the path each", async () => {
    answer = () => Response.json({ kind: "run" });
    await new ServerBackend(data).describe("r:a/b");
    expect(asked).toEqual(["/artnb-api/two%20words/nodes/r%3Aa%2Fb"]);
  });

  test("what the server says is wrong is what the panel shows", async () => {
    answer = () => Response.json({ message: "There is no run 'x'." }, { status: 404 });
    await expect(new ServerBackend(data).describe("r:x")).rejects.toThrow("There is no run 'x'.");
  });

  test("without a reason the status is said", async () => {
    answer = () => new Response("<html>", { status: 403 });
    await expect(new ServerBackend(data).blob("00")).rejects.toThrow("403");
  });

  test("a server that is gone is said, with the way out", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(new ServerBackend(data).describe("v:1")).rejects.toThrow("artnb ui");
  });
});

describe("the open page", () => {
  test("news is taken in, the same again is not", async () => {
    const state = await openServed(data, stop.signal);
    const before = state.revision.value;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state.revision.value).toBe(before);
    answer = () => new Response(new Uint8Array([1]), { headers: { ETag: '"two"' } });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state.graph.value.nodes.length).toBe(3);
    expect(state.revision.value).toBe(before + 1);
  });

  test("a server that goes away is said until it is back", async () => {
    const state = await openServed(data, stop.signal);
    const good = answer;
    answer = () => new Response("", { status: 502 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state.offline.value).toBe(true);
    answer = good;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state.offline.value).toBe(false);
  });

  test("a hidden page asks nothing, and a closed one nothing more", async () => {
    await openServed(data, stop.signal);
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(asked.length).toBe(1);
    hidden.mockReturnValue(false);
    stop.abort();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(asked.length).toBe(1);
  });

  test("the address follows what is chosen, and a type has none", async () => {
    const state = await openServed(data, stop.signal);
    state.select("v:1");
    expect(location.pathname).toBe("/artnb/two%20words/artifacts/raw/v0");
    state.select("t:dataset");
    expect(location.pathname).toBe("/artnb/two%20words");
    history.replaceState(null, "", "/artnb/two%20words/runs/abc");
    dispatchEvent(new PopStateEvent("popstate"));
    expect(state.selected.value).toBe("r:abc");
  });
});
