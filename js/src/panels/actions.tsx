// What can be done with a node in the picture: explode it, fold it, keep to what is around it.

import { isInstance } from "../groups";
import type { State } from "../state";

export function Actions({ state, id }: { state: State; id: string }) {
  const { place } = state.view.value;
  if (!place.has(id) && isInstance(id)) return null; // another project's
  const into = state.foldsInto(id);
  const last = state.trail.value.at(-1);
  return (
    <div class="actions" role="group" aria-label="In the graph">
      {!isInstance(id) && place.has(id) && (
        <button data-testid="artnb-explode" onClick={() => state.explode(id)}>
          Explode
        </button>
      )}
      {!isInstance(id) && !place.has(id) && (
        <button data-testid="artnb-fold" onClick={() => state.fold(id)}>
          Fold
        </button>
      )}
      {place.has(id) && into && (
        <button data-testid="artnb-fold" title={`Fold into ${into.slice(2)}`} onClick={() => state.fold(into)}>
          Fold
        </button>
      )}
      {last?.id !== id && (
        <button data-testid="artnb-around" title="Show only what leads to it and comes of it" onClick={() => state.look(id)}>
          Only around
        </button>
      )}
      {place.has(id) && (
        <button data-testid="artnb-way-begin" title="Show a way from here to the node that you choose next; Shift and click does the same" onClick={() => (state.ends.value = { from: id, to: "" })}>
          Path to…
        </button>
      )}
    </div>
  );
}
