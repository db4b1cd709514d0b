// What a person looked at in a graph, kept with the browser's tab: a page that is loaded again
// finds it. Kept by the display's own id, so that a cell that runs again begins anew.

import { batch, effect } from "@preact/signals";
import { FACETS, type Facet, type Filter } from "./filter";
import type { State } from "./state";
import { LEVELS } from "./view";

const PREFIX = "artnb:";

/** Take up what was kept under `id`, and keep what changes from now on. */
export function remember(id: string, state: State, signal: AbortSignal) {
  recall(id, state);
  const stop = effect(() => {
    const kept = {
      level: state.level.value, selected: state.selected.value, tab: state.tab.value, trail: state.trail.value,
      table: state.asTable.value, filter: state.filter.value, opened: [...state.opened.value], folded: [...state.folded.value], loose: [...state.loose.value],
    };
    try {
      sessionStorage.setItem(PREFIX + id, JSON.stringify(kept));
    } catch {
      // Full, or forbidden to pages like this one: then nothing is kept.
    }
  });
  signal.addEventListener("abort", stop);
}

/** A filter, whatever was written down. */
function filterOf(kept: any): Filter {
  const texts = (given: unknown) => (Array.isArray(given) ? given.map(String) : []);
  const time = (given: unknown) => (typeof given === "number" ? given : null);
  const picked = Object.fromEntries(FACETS.map((facet) => [facet, texts(kept[facet])])) as Record<Facet, string[]>;
  return { ...picked, text: String(kept.text ?? ""), since: time(kept.since), until: time(kept.until) };
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
    if (kept.filter) state.filter.value = filterOf(kept.filter);
    state.tab.value = String(kept.tab ?? "");
    const known = (node: unknown) => state.byId.value.has(String(node)) || state.view.value.place.has(String(node));
    state.trail.value = (Array.isArray(kept.trail) ? kept.trail : []).filter((step: any) => known(step?.id));
    if (kept.selected && known(kept.selected)) state.selected.value = kept.selected;
  });
}
