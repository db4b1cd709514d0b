// What Python changes while cells run. With delta.ts, which is handed the model, all that reads
// the live model's traits.

import type { Told } from "./delta";
import type { Channel } from "./rpc";
import type { State } from "./state";

const AGAIN = 1_000;
const AGAIN_AT_MOST = 30_000;

/**
 * Follow the live model; `ask` brings all that Python told, where some was lost on the way.
 * Returns what asks anew, for when the page may have missed something.
 */
export function followKernel(model: Channel & { get(name: string): any }, told: Told, state: State, ask: () => Promise<Uint8Array[]>, signal: AbortSignal) {
  let asking = false;
  let timer: ReturnType<typeof setTimeout>;
  const askAll = async (wait = AGAIN) => {
    if (asking) return;
    clearTimeout(timer);
    asking = true;
    const came = await told.ask(ask).then(() => true, () => false);
    asking = false;
    if (signal.aborted) return;
    if (came) state.replace(told.now() ?? told.whole);
    // Too busy, or the answer was lost; that a kernel is gone is shown.
    else if (!state.gone.value) timer = setTimeout(askAll, wait, Math.min(2 * wait, AGAIN_AT_MOST));
  };
  const show = () => {
    if (signal.aborted) return;
    const now = told.now();
    if (now) state.replace(now);
    else void askAll();
  };
  // Once the whole message is in: marimo tells of each trait before it sets the next one.
  const changed = () => queueMicrotask(show);
  const saving = () => (state.saving.value = model.get("saving") ?? {});
  saving();
  const events: [string, () => void][] = [
    // Sent with the graph and the news in the same message, also where only a run's details changed.
    ["change:changed", changed],
    ["change:saving", saving],
  ];
  for (const [event, callback] of events) model.on(event, callback);
  signal.addEventListener("abort", () => {
    for (const [event, callback] of events) model.off(event, callback);
    clearTimeout(timer);
  });
  if (!told.now()) void askAll();
  return () => void askAll();
}
