// The pictures that a run logged: one step of a name at a time, fetched when in sight.

import { useState } from "preact/hooks";
import { number } from "../format";
import type { ImageGroup, RunDetails } from "../protocol";
import type { State } from "../state";
import { Figure, isSmall } from "./figure";
import { Section, Steps } from "./parts";
import { t } from "../texts";

/** At once: each figure waits for its own picture, which thousands in a page do slowly. */
const MOST = 100;

export function RunImages({ state, details }: { state: State; details: RunDetails }) {
  return (
    <>
      {details.images.map((group) => (
        <Group key={group.key} state={state} group={group} />
      ))}
    </>
  );
}

function Group({ state, group }: { state: State; group: ImageGroup }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const [most, setMost] = useState(MOST);
  const last = group.rows.length - 1;
  // The newest, also while more arrive, until one is chosen.
  const at = Math.min(chosen ?? last, last);
  const row = group.rows[at];
  if (!row) return null;
  const { backend } = state;
  const held = backend.holds ? row.items.filter(({ digest }) => backend.holds!(digest)) : row.items;
  const items = held.slice(0, most);
  const rest = held.length - items.length;
  // Some at once side by side, each as large as the panel on a click; small ones are as they are.
  const several = items.length > 1 && items.some(({ width }) => !isSmall(width));
  return (
    <Section title={group.key} count={row.total}>
      <Steps title={group.key} steps={group.rows.map((each) => each.step)} at={at} go={setChosen} testid="artnb-images-step" />
      {held.length < row.items.length && (
        <p class="none" data-testid="artnb-images-left-out">
          {t("{0} of {1} pictures are in this page; the others were left out to keep it small.", number(held.length), number(row.items.length))}
        </p>
      )}
      <div class={`gallery ${several ? "several" : ""}`}>
        {items.map((picture, i) => (
          <Figure key={`${picture.digest}${i}`} state={state} picture={picture} label={`${group.key} ${i + 1}`} enlarges={several} />
        ))}
      </div>
      {(rest > 0 || row.items.length < row.total) && (
        <p class="none">
          {t("The first {0} of {1}.", number(items.length), number(row.total))}{" "}
          {rest > 0 && (
            <button class="text" data-testid="artnb-images-more" onClick={() => setMost(most + MOST)}>
              {t("Show {0} more", Math.min(MOST, rest))}
            </button>
          )}
        </p>
      )}
    </Section>
  );
}
