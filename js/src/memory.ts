// What a person looked at in a graph, kept with the browser's tab: a page that is loaded again
// finds it. Kept by the display's own id, so that a cell that runs again begins anew.

import { batch, effect } from "@preact/signals";
import type { State } from "./state";
import { LEVELS } from "./view";

const PREFIX = "artnb:";

/** Take up what was kept under `id`, and keep what changes from now on. */
export function remember(id: string, state: State, signal: AbortSignal) {
  recall(id, state);
  const stop = effect(() => {
    const kept = {
      level: state.level.value, selected: state.selected.value, tab: state.tab.value, trail: state.trail.value,
      table: state.asTable.value, opened: [...state.opened.value], folded: [...state.folded.value], loose: [...state.loose.value],
    };
    try {
      sessionStorage.setItem(PREFIX + id, JSON.stringify(kept));
    } catch {
      // Full, or forbidden to pages like this one: then nothing is kept.
    }
  });
  signal.addEventListener("abort", stop);
}

function recall(id: string, state: State) {
  let kept: any = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(PREFIX + id) ?? "null");
  } catch {
    // As above, or another's words under our name.
  }
  if (!kept || !LEVELS.includes(kept.level)) return;
  const ids = (given: unknown) => new Set(Array.isArray(given) ? given.map(String) : []);
  batch(() => {
    state.level.value = kept.level;
    state.opened.value = ids(kept.opened);
    state.folded.value = ids(kept.folded);
    state.loose.value = ids(kept.loose);
    state.asTable.value = Boolean(kept.table);
    state.tab.value = String(kept.tab ?? "");
    const known = (node: unknown) => state.byId.value.has(String(node)) || state.view.value.place.has(String(node));
    state.trail.value = (Array.isArray(kept.trail) ? kept.trail : []).filter((step: any) => known(step?.id));
    if (kept.selected && known(kept.selected)) state.selected.value = kept.selected;
  });
}
