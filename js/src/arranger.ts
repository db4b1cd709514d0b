// Lays a graph out: at once where that is quick, in a worker where the page would stand still.

import type { Layout, LayoutInput } from "./layout";
import type { Engine } from "./layered/engine";
import engine from "./layered/engine.ts?function";

let here!: Engine;
engine((made) => (here = made));

/** From so many nodes on the layout runs in a worker. */
export const LARGE = 3_000;
/** For how many milliseconds at a time a page without workers lays out. */
const SLICE = 12;

/**
 * Call `done` with the layout: now for a small graph, later for a large one, never once
 * `signal` is aborted. Where a worker may not run, the page does its work a little at a time, and
 * leaves off when another layout is wanted.
 */
export function arrange(input: LayoutInput, signal: AbortSignal, done: (layout: Layout) => void) {
  if (input.sizes.length <= LARGE) return done(here.layout(input));
  const slowly = () => here.inSlices(here.layoutSteps(input), SLICE, signal, done);
  const worker = startWorker();
  if (!worker) return slowly();
  const end = () => worker.terminate();
  signal.addEventListener("abort", end);
  const finish = (then: () => void) => {
    end();
    signal.removeEventListener("abort", end);
    if (!signal.aborted) then();
  };
  worker.onmessage = ({ data }) => finish(() => done(data));
  // A page whose rules forbid workers says so here, after the worker was made.
  worker.onerror = (event) => {
    event.preventDefault();
    finish(slowly);
  };
  worker.postMessage(input);
}

/** What a worker does with the layout: one picture for each message. Goes there as text. */
function serve({ layout }: Engine) {
  self.onmessage = ({ data }) => {
    const done = layout(data);
    (self as unknown as Worker).postMessage(done, [done.x.buffer, done.y.buffer] as ArrayBuffer[]);
  };
}

/** The program of the worker. */
export const program = () => `(${engine})(${serve})`;

function startWorker(): Worker | null {
  if (typeof Worker === "undefined") return null;
  const url = URL.createObjectURL(new Blob([program()], { type: "text/javascript" }));
  try {
    return new Worker(url);
  } catch {
    return null;
  } finally {
    // The worker has read it by then, or never will.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
