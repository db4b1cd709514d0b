// How to get at a version: into the notebook at a click, or by code; and who has.

import { reasonOf } from "../format";
import { useState } from "preact/hooks";
import type { Loaded, VersionDetails } from "../protocol";
import type { State } from "../state";
import { Copyable, Relatives, Section, Problem } from "./parts";
import { t, told, word } from "../texts";

type Props = { state: State; details: VersionDetails };

export function VersionUsage({ state, details }: Props) {
  const values = details.files.some((file) => !["file", "stub"].includes(file.format));
  return (
    <>
      {values && state.backend.load && <Load state={state} details={details} />}
      {details.code.map(({ title, text }) => (
        <Section key={title} title={word(title)}>
          <Copyable text={text} state={state} />
        </Section>
      ))}
      <Relatives state={state} details={details} />
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
      if (found.loaded.length) state.said.value = t("Loaded {0}", found.loaded.join(", "));
    } catch (error) {
      setProblem(reasonOf(error));
    }
    setBusy(false);
  };
  const asks = came?.asks.length ? came.asks : null;
  return (
    <div class="load">
      {!asks && (
        <p class="actions">
          <button data-testid="artnb-load" disabled={busy} onClick={() => load(false)}>
            {t(busy ? "Loading…" : "Load into the notebook")}
          </button>
        </p>
      )}
      {asks && (
        <div class="problem caution" role="alert" data-testid="artnb-load-asks">
          <p>
            <bdi>{asks.join(", ")}</bdi>: {t(asks.length === 1 ? "has a value that no version holds." : "have values that no version holds.")}
          </p>
          <p class="actions">
            <button data-testid="artnb-load-replace" onClick={() => load(true)}>
              {t("Replace")}
            </button>
            <button onClick={() => setCame(null)}>{t("Keep")}</button>
          </p>
        </div>
      )}
      {came && came.loaded.length > 0 && (
        <p class="facts" data-testid="artnb-loaded">
          {t("Loaded")} <bdi>{came.loaded.join(", ")}</bdi>
        </p>
      )}
      {!asks && came?.problems.map(([name, why]) => (
        <p key={name} class="problem">
          {t("Not loaded:")} <bdi>{name}: {told(why)}</bdi>
        </p>
      ))}
      <Problem text={problem} />
    </div>
  );
}
