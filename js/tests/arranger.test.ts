// The layout in a worker: the same picture, never after it was given up, and without workers too.
import { afterEach, expect, test, vi } from "vitest";
import { arrange, LARGE } from "../src/arranger";
import source from "../src/layered/worker.ts?worker-text";
import { layout, type Layout, type LayoutInput } from "../src/layout";

const chain = (count: number): LayoutInput => ({
  sizes: Array.from({ length: count }, () => ({ width: 120, height: 46 })),
  arrows: Array.from({ length: count - 1 }, (_, i) => ({ source: i >> 3, target: i + 1 })),
});

/** A worker that runs its program in this thread, one turn later. */
function workers(changes: { broken?: boolean; forbidden?: boolean } = {}) {
  const all: FakeWorker[] = [];
  class FakeWorker {
    ended = false;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onerror: ((event: { preventDefault(): void }) => void) | null = null;
    constructor() {
      if (changes.forbidden) throw new Error("no workers here");
      all.push(this);
    }
    postMessage(data: unknown) {
      const self: any = { postMessage: (answer: unknown) => !this.ended && this.onmessage?.({ data: structuredClone(answer) }) };
      setTimeout(() => {
        if (changes.broken) return this.onerror?.({ preventDefault: () => undefined });
        new Function("self", source)(self);
        self.onmessage({ data: structuredClone(data) });
      });
    }
    terminate() {
      this.ended = true;
    }
  }
  vi.stubGlobal("Worker", FakeWorker);
  return all;
}

afterEach(() => vi.unstubAllGlobals());

const arranged = (input: LayoutInput) => new Promise<Layout>((done) => arrange(input, new AbortController().signal, done));
const large = chain(LARGE + 1);

test("a small graph is laid out at once, without a worker", () => {
  const all = workers();
  const done = vi.fn();
  arrange(chain(LARGE), new AbortController().signal, done);
  expect([done.mock.calls.length, all.length]).toEqual([1, 0]);
});

test("a large graph is laid out in a worker, to the same picture, and the worker ends", async () => {
  const all = workers();
  expect(await arranged(large)).toEqual(layout(large));
  expect(all.map(({ ended }) => ended)).toEqual([true]);
});

test("a layout that was given up is never heard of", async () => {
  const all = workers();
  const stop = new AbortController();
  const done = vi.fn();
  arrange(large, stop.signal, done);
  stop.abort();
  await new Promise((wait) => setTimeout(wait, 300));
  expect([done.mock.calls.length, all[0].ended]).toEqual([0, true]);
});

test.each([{ broken: true }, { forbidden: true }])("where a worker is %j the page lays out itself", async (changes) => {
  workers(changes);
  expect(await arranged(large)).toEqual(layout(large));
});

test("where there are no workers at all the page lays out itself", async () => {
  vi.stubGlobal("Worker", undefined);
  expect(await arranged(large)).toEqual(layout(large));
});
