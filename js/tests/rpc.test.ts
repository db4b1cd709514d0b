import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fromBase64, KernelBackend, PageBackend, type PageData } from "../src/rpc";
import { speak } from "../src/texts";
import { FakeModel, versionDetails } from "./support";

/** A signal as JupyterLab has them. */
const signalled = () => {
  const slots = new Set<() => void>();
  return { slots, connect: (slot: () => void) => void slots.add(slot), disconnect: (slot: () => void) => void slots.delete(slot) };
};

describe("requests to the kernel", () => {
  let model: FakeModel;
  let stop: AbortController;
  let busy: boolean[];
  let gone: boolean[];
  let backend: KernelBackend;

  beforeEach(() => {
    vi.useFakeTimers();
    model = new FakeModel();
    stop = new AbortController();
    busy = [];
    gone = [];
    backend = new KernelBackend(model, stop.signal, { busy: (now) => busy.push(now), gone: (now) => gone.push(now) });
  });
  afterEach(() => {
    stop.abort();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const answer = (content: unknown, buffers?: DataView[]) => model.emit("msg:custom", content, buffers);

  test("a request carries its kind, a number of its own, method and params", () => {
    backend.describe("v:3").catch(() => undefined);
    backend.blob("abc").catch(() => undefined);
    expect(model.sent).toEqual([
      { kind: "request", id: 1, method: "describe", params: { node: "v:3" } },
      { kind: "request", id: 2, method: "blob", params: { digest: "abc" } },
    ]);
  });

  test("replies go to the requests that they answer, in any order", async () => {
    const first = backend.describe("v:1");
    const second = backend.describe("v:2");
    answer({ kind: "reply", id: 2, result: "two" });
    answer({ kind: "reply", id: 1, result: "one" });
    expect(await Promise.all([first, second])).toEqual(["one", "two"]);
  });

  test("a blob is the bytes of the buffer's own span", async () => {
    const found = backend.blob("abc");
    answer({ kind: "reply", id: 1, result: { size: 2 } }, [new DataView(Uint8Array.of(9, 7, 8, 9).buffer, 1, 2)]);
    expect([...(await found)]).toEqual([7, 8]);
  });

  test("an error reply rejects with what Python said", async () => {
    const found = backend.describe("v:9");
    answer({ kind: "error", id: 1, message: "There is no version 9." });
    await expect(found).rejects.toThrow("There is no version 9.");
  });

  test("an error is said in the page's language, where Python sent what it is made of", async () => {
    speak("ko");
    const found = backend.describe("v:9");
    answer({ kind: "error", id: 1, message: "There is no version with the catalogue number 9.", template: "There is no version with the catalogue number {0}.", values: ["9"] });
    await expect(found).rejects.toThrow("카탈로그 번호가 9인 버전이 없습니다.");
    speak("en");
  });

  test.each([{ kind: "reply", id: 99 }, { kind: "reply" }, { kind: "other", id: 1 }, null, "ping"])("a message for no request is ignored: %j", async (message) => {
    const found = backend.describe("v:1");
    answer(message);
    answer({ kind: "reply", id: 1, result: "one" });
    expect(await found).toBe("one");
  });

  test("the second reply to one request is ignored", async () => {
    const found = backend.describe("v:1");
    answer({ kind: "reply", id: 1, result: "one" });
    answer({ kind: "error", id: 1, message: "late" });
    expect(await found).toBe("one");
  });

  test("a quick reply never says busy", async () => {
    const found = backend.describe("v:1");
    vi.advanceTimersByTime(1000);
    answer({ kind: "reply", id: 1, result: "one" });
    await found;
    vi.advanceTimersByTime(5000);
    expect(busy).not.toContain(true);
  });

  test("the kernel is busy from 1.5 s until every request is answered", async () => {
    const both = [backend.describe("v:1"), backend.describe("v:2")];
    vi.advanceTimersByTime(1600);
    expect(busy.at(-1)).toBe(true);
    answer({ kind: "reply", id: 1, result: "one" });
    expect(busy.at(-1)).toBe(true);
    answer({ kind: "reply", id: 2, result: "two" });
    expect(busy.at(-1)).toBe(false);
    await Promise.all(both);
  });

  test("a request that is not answered in 30 s is given up, and its late reply ignored", async () => {
    const found = backend.describe("v:1");
    const said = expect(found).rejects.toThrow("The kernel does not answer");
    vi.advanceTimersByTime(29_900);
    expect(busy.at(-1)).toBe(true);
    vi.advanceTimersByTime(200);
    await said;
    expect(busy.at(-1)).toBe(false);
    answer({ kind: "reply", id: 1, result: "late" });
  });

  test("a kernel that is known to be there is waited for, however long its cell is", async () => {
    model.comm_live = true;
    const found = backend.describe("v:1");
    vi.advanceTimersByTime(3_600_000);
    expect(busy.at(-1)).toBe(true);
    answer({ kind: "reply", id: 1, result: "one" });
    expect(await found).toBe("one");
    expect(busy.at(-1)).toBe(false);
  });

  test("when the kernel ends, what waits and what comes after is told so, until it is back", async () => {
    const found = backend.describe("v:1");
    vi.advanceTimersByTime(2000);
    model.comm_live = false;
    model.emit("comm_live_update");
    await expect(found).rejects.toThrow("The kernel is gone");
    await expect(backend.describe("v:2")).rejects.toThrow("The kernel is gone");
    expect([gone.at(-1), busy.at(-1), model.sent.length]).toEqual([true, false, 1]);
    model.comm_live = true;
    model.emit("comm_live_update");
    expect(gone.at(-1)).toBe(false);
  });

  test.each(["shut down", "restarted", "killed"])("a kernel that was %s while the comm says nothing is gone", async (how) => {
    const kernel = { status: "busy", isDisposed: false, statusChanged: signalled(), disposed: signalled() };
    model.comm_live = true;
    const own = new AbortController();
    const over = new KernelBackend(model, own.signal, { busy: (now) => busy.push(now), gone: (now) => gone.push(now) }, kernel);
    const found = over.describe("v:1");
    kernel.statusChanged.slots.forEach((slot) => slot()); // busy is no ending
    expect(gone.at(-1)).toBe(false);
    if (how === "shut down") kernel.isDisposed = true;
    else kernel.status = how === "killed" ? "autorestarting" : "restarting";
    (how === "shut down" ? kernel.disposed : kernel.statusChanged).slots.forEach((slot) => slot());
    await expect(found).rejects.toThrow("The kernel is gone");
    await expect(over.describe("v:2")).rejects.toThrow("The kernel is gone");
    expect(gone.at(-1)).toBe(true);
    model.emit("comm_live_update"); // the host found the model again
    expect(gone.at(-1)).toBe(false);
    own.abort();
    expect(kernel.statusChanged.slots.size + kernel.disposed.slots.size).toBe(0);
  });

  test("what waits when the connection is lost is asked again when it is back, and counts once", async () => {
    const kernel = { status: "idle", isDisposed: false, statusChanged: signalled(), disposed: signalled(), connectionStatus: "connected", connectionStatusChanged: signalled() };
    const own = new AbortController();
    const back = vi.fn();
    const over = new KernelBackend(model, own.signal, { busy: () => undefined, gone: () => undefined, back }, kernel);
    const become = (status: string) => {
      kernel.connectionStatus = status;
      kernel.connectionStatusChanged.slots.forEach((slot) => slot());
    };
    const [answered, found] = [over.describe("v:1"), over.describe("v:2")];
    answer({ kind: "reply", id: 1, result: "one" });
    become("connected");
    become("connecting");
    expect([model.sent.length, back.mock.calls.length]).toEqual([2, 0]);
    become("connected");
    expect(back).toHaveBeenCalledOnce();
    expect(model.sent.slice(2)).toEqual([model.sent[1]]);
    answer({ kind: "reply", id: 2, result: "two" });
    answer({ kind: "reply", id: 2, result: "again" });
    expect(await Promise.all([answered, found])).toEqual(["one", "two"]);
    own.abort();
    expect(kernel.connectionStatusChanged.slots.size).toBe(0);
  });

  test("a view that opens after the kernel has ended knows it", async () => {
    model.comm_live = true; // as the host leaves it
    model.comm = { jsServicesComm: { isDisposed: true } };
    const late = new KernelBackend(model, stop.signal, { busy: () => undefined, gone: (now) => gone.push(now) });
    expect([late.gone, gone.at(-1)]).toEqual([true, true]);
    await expect(late.describe("v:1")).rejects.toThrow("The kernel is gone");
    expect(model.sent).toEqual([]);
  });

  test("that the page looks is said, and taken back at the end", async () => {
    const noted = backend.watch(stop.signal);
    answer({ kind: "reply", id: 1, result: {} });
    await noted;
    stop.abort();
    const [came, left] = model.sent;
    expect(came).toEqual({ kind: "request", id: 1, method: "watch", params: { page: expect.any(String), looking: true } });
    expect(left).toEqual({ kind: "request", id: 0, method: "watch", params: { page: came.params.page, looking: false } });
  });

  test("the graph and its news come as the bytes that the answer holds", async () => {
    const found = backend.graph();
    expect(model.sent).toEqual([{ kind: "request", id: 1, method: "graph", params: {} }]);
    answer({ kind: "reply", id: 1, result: {} }, [new DataView(Uint8Array.of(9, 7, 8).buffer, 1, 2), new DataView(new ArrayBuffer(0))]);
    expect((await found).map((each) => [...each])).toEqual([[7, 8], []]);
  });

  test("a channel that throws rejects at once", async () => {
    model.send = () => {
      throw new Error("comm is closed");
    };
    await expect(backend.describe("v:1")).rejects.toThrow(/kernel is gone.*comm is closed/);
  });

  test("closing rejects what waits, stops listening, and refuses what comes after", async () => {
    const found = backend.describe("v:1");
    expect(model.listening).toBe(2);
    stop.abort();
    await expect(found).rejects.toThrow("The graph was closed.");
    expect(model.listening).toBe(0);
    await expect(backend.describe("v:2")).rejects.toThrow("The graph was closed.");
    expect(model.sent).toHaveLength(1);
  });
});

describe("an exported page", () => {
  const data: PageData = {
    graph: "", look: { level: "types", direction: "", focused: "", depth: 0, types: [] },
    details: { "v:1": versionDetails(), "v:3": { ...versionDetails({ node: "v:3" }), versions: undefined!, shared: { versions: 1 } }, "v:2": { kind: "error", message: "The manifest is damaged." } },
    previews: { "v:1": { "a.txt": { kind: "text", text: "hello", note: "" } } },
    shared: [["other"], [{ node: "v:3" }]],
    blobs: { abc: btoa("\u0000\u00ffA") },
    blobsLeftOut: 1,
  };
  const page = new PageBackend(data);

  test("answers from its own data", async () => {
    expect(await page.describe("v:1")).toEqual(versionDetails());
    expect([...(await page.blob("abc"))]).toEqual([0, 255, 65]);
    expect(await page.preview("v:1", "a.txt")).toBe(data.previews["v:1"]["a.txt"]);
  });

  test("puts what several nodes share into each of them", async () => {
    expect(await page.describe("v:3")).toEqual(versionDetails({ node: "v:3", versions: [{ node: "v:3" }] as any }));
  });

  test.each([["v:1", "b.txt"], ["v:1", "toString"], ["v:9", "a.txt"]])("says that the content of %s %s was left out", async (node, path) => {
    expect(await page.preview(node, path)).toEqual({ kind: "nothing", message: expect.stringContaining("left out") });
  });

  test("compares two versions, and says how to go on where it holds no beginning", async () => {
    expect(await page.compare("v:1", "v:1")).toMatchObject({ facts: [], files: [], same: 0 });
    const [same, none] = [await page.compareFile("v:1", "v:1", "a.txt"), await page.compareFile("v:1", "v:1", "b.txt")];
    expect([same.problem, none.problem]).toEqual([null, expect.stringContaining("%artnb diff mnist/raw:v0 mnist/raw:v0")]);
    expect((await page.compareFile("v:1", "v:3", "constructor")).problem).toContain("%artnb diff");
    await expect(page.compare("v:1", "v:2")).rejects.toThrow("The manifest is damaged.");
  });

  test("finds files beyond those that it describes, as far as it has their paths", async () => {
    const packed = async (columns: unknown) => {
      const stream = new Blob([JSON.stringify(columns)]).stream().pipeThrough(new CompressionStream("deflate"));
      return btoa(String.fromCharCode(...new Uint8Array(await new Response(stream).arrayBuffer())));
    };
    const file = (path: string) => ({ path, size: 1, format: "file", variable: null, digest: "d", ref: null, meta: {}, picture: false });
    const rest = await packed([["x/B.png", "x/c.txt", "y"], [4, 5, 6], ["png", "file", "file"]]);
    const details = versionDetails({ files: [file("a"), file("x/a")], filesMore: 3, rest });
    const here = new PageBackend({ ...data, details: { "v:1": details } });
    expect([here.lists(details), here.lists(versionDetails({ filesMore: 3 }))]).toEqual([true, false]);
    const found = await here.files("v:1", "X b", 0);
    expect(found).toEqual({ files: [{ ...file("x/B.png"), size: 4, format: "png", digest: "" }], more: 0 });
    const shown = async (after: number) => [(await here.files("v:1", "", after)).files.map(({ path }) => path), (await here.files("v:1", "", after)).more];
    expect([await shown(0), await shown(2), await shown(4)]).toEqual([[["a", "x/a"], 3], [["x/B.png", "x/c.txt"], 1], [["y"], 0]]);
  });

  test("says of an error what Python said when the page was written", async () => {
    await expect(page.describe("v:2")).rejects.toThrow("The manifest is damaged.");
  });

  test("says what it does not hold", async () => {
    await expect(page.describe("v:4")).rejects.toThrow("does not hold");
    await expect(page.blob("other")).rejects.toThrow("left out");
  });
});

test("base64 gives every byte as it was", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(fromBase64(btoa(String.fromCharCode(...all)))).toEqual(all);
});
