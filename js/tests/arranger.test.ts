// The layout in a worker: the same picture, never after it was given up, and without workers too.
import { afterEach, expect, test, vi } from "vitest";
import { arrange, LARGE, program } from "../src/arranger";
import { inSlices, type Steps } from "../src/layered/steps";
import { layout, layoutSteps, type Layout, type LayoutInput } from "../src/layout";

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
        new Function("self", program())(self);
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

test("without workers too, a layout that was given up is never heard of", async () => {
  vi.stubGlobal("Worker", undefined);
  const done = vi.fn();
  const [first, second] = [new AbortController(), new AbortController()];
  arrange(chain(60_000), first.signal, () => done("first"));
  await new Promise((wait) => setTimeout(wait));
  first.abort();
  await new Promise<void>((ended) => arrange(large, second.signal, () => (done("second"), ended())));
  await new Promise((wait) => setTimeout(wait, 50));
  expect(done.mock.calls).toEqual([["second"]]);
});

test("work in slices leaves the page a turn between any two", async () => {
  let turns = 0;
  const seen: number[] = [];
  function* three(): Steps<string> {
    for (let i = 0; i < 3; i++) {
      seen.push(turns);
      yield;
    }
    return "done";
  }
  const ticks = setInterval(() => turns++, 0);
  await new Promise<string>((done) => inSlices(three(), -1, new AbortController().signal, done));
  clearInterval(ticks);
  expect(new Set(seen).size).toBe(3);
});

test("a large layout has many steps to be given up after", () => {
  const steps = layoutSteps(chain(20_000));
  let count = 0;
  while (!steps.next().done) count++;
  expect(count).toBeGreaterThan(4);
});

test("work that is given up half-way is left there", async () => {
  const stop = new AbortController();
  let steps = 0;
  function* endless(): Steps<void> {
    for (;;) {
      if (++steps === 5) stop.abort();
      yield;
    }
  }
  inSlices(endless(), 1_000, stop.signal, () => expect.unreachable());
  await new Promise((wait) => setTimeout(wait, 20));
  expect(steps).toBe(5);
});

test("where there are no workers at all the page lays out itself", async () => {
  vi.stubGlobal("Worker", undefined);
  expect(await arranged(large)).toEqual(layout(large));
});
