// Which runs save or fetch something, and how far they are: a bar each.

import { bytes } from "./format";
import type { State } from "./state";
import { t } from "./texts";

const MOST = 3;

export function Savings({ state }: { state: State }) {
  const saving = Object.entries(state.saving.value);
  if (!saving.length) return null;
  return (
    <ul class="savings" data-testid="artnb-saving" aria-label={t("In progress")}>
      {saving.slice(0, MOST).map(([run, { name, done, total }]) => {
        const text = t("{0} of {1}", bytes(done), bytes(total));
        return (
          <li key={run}>
            <span>
              <bdi>{state.byId.value.get(`r:${run}`)?.name ?? run}</bdi> · <bdi>{name}</bdi>: {text}
            </span>
            <progress value={done} max={total} aria-label={`${name}: ${text}`} />
          </li>
        );
      })}
      {saving.length > MOST && <li>{t("and {0} more", saving.length - MOST)}</li>}
    </ul>
  );
}
