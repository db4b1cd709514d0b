// Where one is: from the whole graph through neighbourhoods, and what differs from the level.

import { DEEPEST, type State } from "./state";

export function Trail({ state }: { state: State }) {
  const trail = state.trail.value;
  const changed = state.opened.value.size + state.folded.value.size + state.loose.value.size > 0;
  if (!trail.length && !changed) return null;
  const last = trail.at(-1);
  return (
    <div class="trail" data-testid="artnb-trail">
      <nav aria-label="Where you are">
        <ol>
          <li>
            {trail.length ? (
              <button class="text" data-testid="artnb-crumb" onClick={() => state.back(0)}>
                Whole graph
              </button>
            ) : (
              <span>Whole graph</span>
            )}
          </li>
          {trail.map(({ id }, i) => (
            <li key={i} aria-current={i === trail.length - 1 ? "true" : undefined}>
              {i < trail.length - 1 ? (
                <button class="text" data-testid="artnb-crumb" onClick={() => state.back(i + 1)}>
                  around <bdi>{state.titleOf(id)}</bdi>
                </button>
              ) : (
                <span>
                  around <bdi>{state.titleOf(id)}</bdi>
                </span>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {last && (
        <div class="stepper" role="group" aria-label="Steps shown">
          <button class="icon" aria-label="Fewer steps" data-testid="artnb-depth-less" disabled={last.depth <= 1} onClick={() => state.look(last.id, last.depth - 1)}>
            −
          </button>
          <span data-testid="artnb-depth">
            {last.depth} step{last.depth === 1 ? "" : "s"}
          </span>
          <button class="icon" aria-label="More steps" data-testid="artnb-depth-more" disabled={last.depth >= DEEPEST} onClick={() => state.look(last.id, last.depth + 1)}>
            +
          </button>
        </div>
      )}
      {changed && (
        <button class="text" data-testid="artnb-reset" onClick={() => state.setLevel(state.level.value)}>
          Undo exploding and folding
        </button>
      )}
    </div>
  );
}
