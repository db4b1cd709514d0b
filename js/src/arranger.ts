// Lays a graph out: at once where that is quick, in a worker where the page would stand still.

import { layout, type Layout, type LayoutInput } from "./layout";
import source from "./layered/worker.ts?worker-text";

/** From so many nodes on the layout runs in a worker. */
export const LARGE = 3_000;

/**
 * Call `done` with the layout: now for a small graph, later for a large one, never once
 * `signal` is aborted. Where a worker may not run, the page does its work.
 */
export function arrange(input: LayoutInput, signal: AbortSignal, done: (layout: Layout) => void) {
  const worker = input.sizes.length > LARGE ? startWorker() : null;
  if (!worker) return done(layout(input));
  const end = () => worker.terminate();
  signal.addEventListener("abort", end);
  const finish = (made: () => Layout) => {
    end();
    signal.removeEventListener("abort", end);
    if (!signal.aborted) done(made());
  };
  worker.onmessage = ({ data }) => finish(() => data);
  // A page whose rules forbid workers says so here, after the worker was made.
  worker.onerror = (event) => {
    event.preventDefault();
    finish(() => layout(input));
  };
  worker.postMessage(input);
}

function startWorker(): Worker | null {
  if (typeof Worker === "undefined") return null;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return new Worker(url);
  } catch {
    return null;
  } finally {
    // The worker has read it by then, or never will.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
