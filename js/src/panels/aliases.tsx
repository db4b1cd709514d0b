// The aliases of a version: shown, and where a kernel is there, added and taken.

import { useState } from "preact/hooks";
import type { VersionDetails } from "../protocol";
import type { State } from "../state";
import { Badge } from "./parts";

export function Aliases({ state, details }: { state: State; details: VersionDetails }) {
  const [adding, setAdding] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  if (!state.backend.aliases) {
    return details.aliases.length ? details.aliases.map((alias) => <Badge key={alias} text={alias} kind="alias" />) : "none";
  }
  const change = async (add: string[], remove: string[]) => {
    setBusy(true);
    setProblem("");
    try {
      await state.changeAliases(details.node, add, remove);
      setAdding("");
    } catch (error) {
      setProblem(String((error as Error).message ?? error));
    }
    setBusy(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (adding.trim()) change([adding.trim()], []);
  };
  return (
    <>
      {details.aliases.map((alias) => (
        <span class="badge alias" key={alias}>
          <bdi>{alias}</bdi>
          {/* `latest` is moved by each save, never by hand. */}
          {alias !== "latest" && (
            <button class="take" disabled={busy} aria-label={`Take the alias ${alias} away`} data-testid="artnb-alias-take" onClick={() => change([], [alias])}>
              ✕
            </button>
          )}
        </span>
      ))}
      <form class="add-alias" onSubmit={submit}>
        <input
          aria-label="New alias"
          placeholder="New alias"
          data-testid="artnb-alias-add"
          value={adding}
          disabled={busy}
          onInput={(event) => setAdding(event.currentTarget.value)}
        />
        <button type="submit" disabled={busy || !adding.trim()}>
          Add
        </button>
      </form>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
