// What Python changes while cells run. The only file that reads the live model's traits.

import type { Channel } from "./rpc";
import { decodeGraph } from "./protocol";
import type { State } from "./state";

export function followKernel(model: Channel & { get(name: string): any }, state: State, signal: AbortSignal) {
  // Once the whole message is in: marimo tells of each trait before it sets the next one.
  const changed = () => queueMicrotask(() => signal.aborted || state.replace(decodeGraph(model.get("graph"))));
  const look = () => state.begin(model.get("look"));
  const saving = () => (state.saving.value = model.get("saving") ?? {});
  saving();
  const events: [string, () => void][] = [
    // Sent with the graph in the same message, also where only a run's details changed.
    ["change:changed", changed],
    ["change:look", look],
    ["change:saving", saving],
  ];
  for (const [event, callback] of events) model.on(event, callback);
  signal.addEventListener("abort", () => {
    for (const [event, callback] of events) model.off(event, callback);
  });
}
