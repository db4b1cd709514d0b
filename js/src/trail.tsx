// Where one is: from the whole graph through neighbourhoods, and what differs from the level.

import { isActive } from "./filter";
import { FilterChips } from "./filters";
import { DEEPEST, type State } from "./state";
import { t, tn } from "./texts";

export function Trail({ state }: { state: State }) {
  const trail = state.trail.value;
  const changed = state.opened.value.size + state.folded.value.size + state.loose.value.size > 0;
  const ends = state.ends.value;
  if (!trail.length && !changed && !ends && !isActive(state.filter.value)) return null;
  const last = trail.at(-1);
  return (
    <div class="trail" data-testid="artnb-trail">
      {(trail.length > 0 || changed) && (
        <nav aria-label={t("Where you are")}>
          <ol>
            <li>
              {trail.length ? (
                <button class="text" data-testid="artnb-crumb" onClick={() => state.back(0)}>
                  {t("Whole graph")}
                </button>
              ) : (
                <span>{t("Whole graph")}</span>
              )}
            </li>
            {trail.map(({ id, title }, i) => (
              <li key={i} aria-current={i === trail.length - 1 ? "true" : undefined}>
                {i < trail.length - 1 ? (
                  <button class="text" data-testid="artnb-crumb" onClick={() => state.back(i + 1)}>
                    {t("around")} <bdi>{title ?? state.titleOf(id)}</bdi>
                  </button>
                ) : (
                  <span>
                    {t("around")} <bdi>{title ?? state.titleOf(id)}</bdi>
                  </span>
                )}
              </li>
            ))}
          </ol>
        </nav>
      )}
      {last && (
        <div class="stepper" role="group" aria-label={t("Steps shown")}>
          <button class="icon" aria-label={t("Fewer steps")} data-testid="artnb-depth-less" disabled={last.depth <= 1} onClick={() => state.look(last.id, last.depth - 1)}>
            −
          </button>
          <span data-testid="artnb-depth">
            {tn(last.depth, "{0} step", "{0} steps")}
          </span>
          <button class="icon" aria-label={t("More steps")} data-testid="artnb-depth-more" disabled={last.depth >= DEEPEST} onClick={() => state.look(last.id, last.depth + 1)}>
            +
          </button>
        </div>
      )}
      {changed && (
        <button class="text" data-testid="artnb-reset" onClick={() => state.setLevel(state.level.value)}>
          {t("Undo exploding and folding")}
        </button>
      )}
      {ends && (
        <div class="way" data-testid="artnb-way">
          <span role="status">{ends.to ? state.describeWay() : t("Choose where the way from {0} ends", state.titleOf(ends.from))}</span>
          <button class="icon" aria-label={t("Forget this way")} data-testid="artnb-way-end" onClick={() => (state.ends.value = null)}>
            ✕
          </button>
        </div>
      )}
      <FilterChips state={state} />
    </div>
  );
}
