// Aliases and tags: shown, and where a kernel is there, added and taken.

import { reasonOf } from "../format";
import { useState } from "preact/hooks";
import type { State } from "../state";
import { Badge, Problem } from "./parts";
import { t } from "../texts";

interface Props {
  /** What they are called: also in test ids and classes. */
  kind: "alias" | "tag";
  labels: string[];
  /** Those that nobody takes by hand. */
  fixed?: string[];
  /** Absent where nothing can be changed. */
  change?: (add: string[], remove: string[]) => Promise<void>;
}

export function Labels({ kind, labels, fixed = [], change }: Props) {
  const [adding, setAdding] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  if (!change) return labels.length ? labels.map((label) => <Badge key={label} text={label} kind={kind} />) : t("none");
  const apply = async (add: string[], remove: string[]) => {
    setBusy(true);
    setProblem("");
    try {
      await change(add, remove);
      setAdding("");
    } catch (error) {
      setProblem(reasonOf(error));
    }
    setBusy(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (adding.trim() && !busy) apply([adding.trim()], []);
  };
  return (
    <>
      {labels.map((label) => (
        <span class={`badge ${kind}`} key={label}>
          <bdi>{label}</bdi>
          {!fixed.includes(label) && (
            <button class="take" disabled={busy} aria-label={t(kind === "tag" ? "Take the tag {0} away" : "Take the alias {0} away", label)} data-testid={`artnb-${kind}-take`} onClick={() => apply([], [label])}>
              ✕
            </button>
          )}
        </span>
      ))}
      <form class="add-label" onSubmit={submit}>
        <input
          aria-label={t(kind === "tag" ? "New tag" : "New alias")}
          placeholder={t(kind === "tag" ? "New tag" : "New alias")}
          data-testid={`artnb-${kind}-add`}
          value={adding}
          readOnly={busy}
          onInput={(event) => setAdding(event.currentTarget.value)}
        />
        <button type="submit" disabled={busy || !adding.trim()}>
          {t("Add")}
        </button>
      </form>
      <Problem text={problem} />
    </>
  );
}

/** The tags of a version or a run. */
export function Tags({ state, node, tags }: { state: State; node: string; tags: string[] }) {
  const { backend } = state;
  return <Labels kind="tag" labels={tags} change={backend.tags && ((add, remove) => state.changed(backend.tags!(node, add, remove), t("Tags changed")))} />;
}
