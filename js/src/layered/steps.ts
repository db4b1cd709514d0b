// Work in steps, so that it can be given up between any two of them.

export type Steps<T> = Generator<void, T, void>;

/** All steps at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The steps some milliseconds at a time; `done` is never called once `signal` is aborted. */
export function inSlices<T>(steps: Steps<T>, slice: number, signal: AbortSignal, done: (result: T) => void) {
  const turn = () => {
    const end = performance.now() + slice;
    while (!signal.aborted) {
      const step = steps.next();
      if (step.done) return done(step.value);
      if (performance.now() >= end) return void setTimeout(turn);
    }
  };
  // Not in this turn: what is asked for next may do away with it.
  setTimeout(turn);
}
