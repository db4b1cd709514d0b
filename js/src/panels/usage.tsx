// How to get at a version: into the notebook at a click, or by code; and who has.

import { useState } from "preact/hooks";
import type { Loaded, VersionDetails } from "../protocol";
import type { State } from "../state";
import { Copyable, NodeLinks, Section } from "./parts";

type Props = { state: State; details: VersionDetails };

export function VersionUsage({ state, details }: Props) {
  const values = details.files.some((file) => !["file", "stub"].includes(file.format));
  return (
    <>
      {values && state.backend.load && <Load state={state} details={details} />}
      {details.code.map(({ title, text }) => (
        <Section key={title} title={title}>
          <Copyable text={text} state={state} />
        </Section>
      ))}
      <Section title="Made by">
        <NodeLinks state={state} links={details.producers} none="No run logged it." />
      </Section>
      <Section title="Used by" count={details.consumers.length}>
        <NodeLinks state={state} links={details.consumers} none="No run has used it yet." />
      </Section>
    </>
  );
}

function Load({ state, details }: Props) {
  const [busy, setBusy] = useState(false);
  const [came, setCame] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState("");
  const load = async (replace: boolean) => {
    setBusy(true);
    setProblem("");
    setCame(null);
    try {
      const found = await state.backend.load!(details.node, replace);
      setCame(found);
      if (found.loaded.length) state.said.value = `Loaded ${found.loaded.join(", ")}`;
    } catch (error) {
      setProblem(String((error as Error).message ?? error));
    }
    setBusy(false);
  };
  const asks = came?.asks.length ? came.asks : null;
  return (
    <div class="load">
      {!asks && (
        <p class="actions">
          <button data-testid="artnb-load" disabled={busy} onClick={() => load(false)}>
            {busy ? "Loading…" : "Load into the notebook"}
          </button>
        </p>
      )}
      {asks && (
        <div class="problem caution" role="alert" data-testid="artnb-load-asks">
          <p>
            <bdi>{asks.join(", ")}</bdi> {asks.length === 1 ? "has a value" : "have values"} that no version holds.
          </p>
          <p class="actions">
            <button data-testid="artnb-load-replace" onClick={() => load(true)}>
              Replace
            </button>
            <button onClick={() => setCame(null)}>Keep</button>
          </p>
        </div>
      )}
      {came && came.loaded.length > 0 && (
        <p class="facts" data-testid="artnb-loaded">
          Loaded <bdi>{came.loaded.join(", ")}</bdi>.
        </p>
      )}
      {!asks && came?.problems.map(([name, why]) => (
        <p key={name} class="problem">
          Not loaded: <bdi>{name}: {why}</bdi>
        </p>
      ))}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
