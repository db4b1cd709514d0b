// What Python changes while cells run. With delta.ts, which is handed the model, all that reads
// the live model's traits.

import type { Told } from "./delta";
import type { Channel } from "./rpc";
import type { State } from "./state";

/** Follow the live model; `ask` brings the whole graph where that was lost on the way. */
export function followKernel(model: Channel & { get(name: string): any }, told: Told, state: State, ask: () => Promise<Uint8Array>, signal: AbortSignal) {
  let asking = false;
  const askAll = async () => {
    if (asking) return;
    asking = true;
    // None: the kernel is gone or too busy, which is shown; asked again at the next news.
    const whole = await ask().catch(() => null);
    asking = false;
    if (!whole || signal.aborted) return;
    told.take(whole);
    state.replace(told.now() ?? told.whole);
  };
  const show = () => {
    if (signal.aborted) return;
    const now = told.now();
    if (now) state.replace(now);
    else void askAll();
  };
  // Once the whole message is in: marimo tells of each trait before it sets the next one.
  const changed = () => queueMicrotask(show);
  const look = () => state.begin(model.get("look"));
  const saving = () => (state.saving.value = model.get("saving") ?? {});
  saving();
  const events: [string, () => void][] = [
    // Sent with the graph and the news in the same message, also where only a run's details changed.
    ["change:changed", changed],
    ["change:look", look],
    ["change:saving", saving],
  ];
  for (const [event, callback] of events) model.on(event, callback);
  signal.addEventListener("abort", () => {
    for (const [event, callback] of events) model.off(event, callback);
  });
  if (!told.now()) void askAll();
}
