// What can be done with a node in the picture: explode it, fold it, keep to what is around it.

import { isInstance } from "../groups";
import type { State } from "../state";
import { t } from "../texts";

export function Actions({ state, id }: { state: State; id: string }) {
  const { place } = state.view.value;
  if (!place.has(id) && isInstance(id)) return null; // another project's
  const into = state.foldsInto(id);
  const last = state.trail.value.at(-1);
  return (
    <div class="actions" role="group" aria-label={t("In the graph")}>
      {!isInstance(id) && place.has(id) && (
        <button data-testid="artnb-explode" onClick={() => state.explode(id)}>
          {t("Explode")}
        </button>
      )}
      {!isInstance(id) && !place.has(id) && (
        <button data-testid="artnb-fold" onClick={() => state.fold(id)}>
          {t("Fold")}
        </button>
      )}
      {place.has(id) && into && (
        <button data-testid="artnb-fold" title={t("Fold into {0}", into.slice(2))} onClick={() => state.fold(into)}>
          {t("Fold")}
        </button>
      )}
      {last?.id !== id && (
        <button data-testid="artnb-around" title={t("Show only what leads to it and comes of it")} onClick={() => state.look(id)}>
          {t("Only around")}
        </button>
      )}
      {place.has(id) && (
        <button data-testid="artnb-way-begin" title={t("Show a way from here to the node that you choose next; Shift and click does the same")} onClick={() => (state.ends.value = { from: id, to: "" })}>
          {t("Path to…")}
        </button>
      )}
    </div>
  );
}
