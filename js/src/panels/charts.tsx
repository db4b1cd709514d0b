// The charts of a run, alone or over those of others, and how they are drawn.

import { reasonOf } from "../format";
import { useEffect, useState } from "preact/hooks";
import { label } from "../groups";
import type { RunDetails } from "../protocol";
import { wordsOf } from "../search";
import type { Loading, State } from "../state";
import { LineChart, type Line } from "./chart";
import { LabelChart } from "./labelled";
import { Problem } from "./parts";
import { t } from "../texts";

type Props = { state: State; details: RunDetails };

const MANY = 8;
const MOST_RUNS = 10;
const MOST_LISTED = 100;

export function RunCharts({ state, details }: Props) {
  const [others, setOthers] = useState<string[]>([]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState("");
  const loaded = useRuns(state, others);
  const runs = [
    { node: details.node, label: details.name, charts: new Map(details.charts.map((chart) => [chart.key, chart])) },
    ...others.map((node) => {
      const found = loaded.get(node);
      const run = found?.status === "ready" ? found.value : null;
      return { node, label: run?.name ?? state.titleOf(node), charts: new Map(run?.charts.map((chart) => [chart.key, chart])) };
    }),
  ];
  const words = wordsOf(text);
  const names = [...new Set(runs.flatMap((run) => [...run.charts.keys()]))];
  const found = names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  const linesOf = (name: string): Line[] =>
    runs.map((run, place) => ({ node: run.node, label: run.label, place, hidden: others.length > 0 && hidden.has(run.node), chart: run.charts.get(name) }));
  const toggle = (node: string) => {
    const next = new Set(hidden);
    if (!next.delete(node)) next.add(node);
    setHidden(next);
  };
  return (
    <>
      <Settings state={state} />
      <Compare state={state} details={details} others={others} change={setOthers} />
      {others.length > 0 && (
        <ul class="series" aria-label={t("Lines")}>
          {runs.map((run, place) => (
            <li key={run.node}>
              <button class={`line l${place % 7} ${place >= 7 ? "dashed" : ""}`} aria-pressed={!hidden.has(run.node)} data-testid="artnb-line" onClick={() => toggle(run.node)}>
                <bdi>{run.label}</bdi>
              </button>
              {place > 0 && (
                <button class="take" aria-label={t("Compare no longer with {0}", run.label)} data-testid="artnb-line-take" onClick={() => setOthers(others.filter((each) => each !== run.node))}>
                  ✕
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {others.map((node) => {
        const run = loaded.get(node);
        if (run?.status === "error") return <Problem key={node} text={run.message} />;
        return run?.status === "ready" ? null : <p key={node} class="none">{t("Loading {0}…", state.titleOf(node))}</p>;
      })}
      {names.length > MANY && (
        <div class="find">
          <label>
            {t("Find")}
            <input type="text" data-testid="artnb-charts-find" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
        </div>
      )}
      {!found.length && <p class="none">{t("No metric is called so.")}</p>}
      <div class="charts">
        {found.map((name) => {
          const lines = linesOf(name);
          const labelled = lines.some((line) => line.chart?.labels);
          return labelled ? <LabelChart key={name} name={name} lines={lines} /> : <LineChart key={name} name={name} lines={lines} plotting={state.plotting.value} />;
        })}
      </div>
    </>
  );
}

/** Kept for all runs, until the page goes. */
function Settings({ state }: { state: State }) {
  const plotting = state.plotting.value;
  const set = (changes: Partial<typeof plotting>) => (state.plotting.value = { ...plotting, ...changes });
  return (
    <div class="find" role="group" aria-label={t("How the charts are drawn")}>
      <label>
        {t("Along")}
        <select data-testid="artnb-charts-axis" value={plotting.axis} onChange={(event) => set({ axis: event.currentTarget.value as "step" | "time" })}>
          <option value="step">{t("step")}</option>
          <option value="time">{t("time")}</option>
        </select>
      </label>
      <label>
        <input type="checkbox" data-testid="artnb-charts-log" checked={plotting.log} onChange={(event) => set({ log: event.currentTarget.checked })} />
        {t("Log scale")}
      </label>
      <label title={t("Exponential moving average")}>
        {t("Smoothing")}
        <input
          type="range" min="0" max="0.99" step="0.01" data-testid="artnb-charts-smoothing"
          value={plotting.smoothing} aria-valuetext={plotting.smoothing ? plotting.smoothing.toFixed(2) : t("none")}
          onInput={(event) => set({ smoothing: Number(event.currentTarget.value) })}
        />
        <output>{plotting.smoothing ? plotting.smoothing.toFixed(2) : t("none")}</output>
      </label>
    </div>
  );
}

/** Which other runs: those of the same job type first, the newest first. */
function Compare({ state, details, others, change }: Props & { others: string[]; change(others: string[]): void }) {
  const [text, setText] = useState("");
  const words = wordsOf(text);
  const candidates = state.graph.value.nodes.filter((node) => node.isRun && node.id !== details.node).reverse();
  if (!candidates.length) return null;
  const alike = (type: string) => type === (details.jobType ?? "run");
  const found = candidates
    .filter((node) => words.every((word) => `${label(node)} ${node.type} ${node.tags.join(" ")}`.toLowerCase().includes(word)))
    .sort((a, b) => Number(alike(b.type)) - Number(alike(a.type)));
  const toggle = (id: string) => change(others.includes(id) ? others.filter((each) => each !== id) : [...others, id]);
  return (
    <details class="compare">
      <summary data-testid="artnb-charts-compare">{t("Compare with…")}</summary>
      {candidates.length > MANY && <input type="text" aria-label={t("Find a run")} placeholder={t("Find a run")} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      <ul>
        {found.slice(0, MOST_LISTED).map((node) => (
          <li key={node.id}>
            <label>
              <input
                type="checkbox" data-testid="artnb-charts-with" data-node={node.id} checked={others.includes(node.id)}
                disabled={others.length >= MOST_RUNS && !others.includes(node.id)} onChange={() => toggle(node.id)}
              />
              <bdi class="label">{label(node)}</bdi>
              <bdi class="type">{node.type}</bdi>
            </label>
          </li>
        ))}
      </ul>
      {found.length > MOST_LISTED && <p class="none">{t("and {0} more", found.length - MOST_LISTED)}</p>}
      {others.length >= MOST_RUNS && <p class="none">{t("More than {0} lines cannot be told apart.", MOST_RUNS + 1)}</p>}
    </details>
  );
}

/** Details of runs, as they come; asked for anew when the graph changes. */
function useRuns(state: State, nodes: string[]): Map<string, Loading<RunDetails>> {
  const [found, setFound] = useState(new Map<string, Loading<RunDetails>>());
  const revision = state.revision.value;
  useEffect(() => {
    let gone = false;
    for (const node of nodes) {
      const put = (what: Loading<RunDetails>) => gone || setFound((before) => new Map(before).set(node, what));
      state.details(node).then(
        (value) => put({ status: "ready", value: value as RunDetails }),
        (error) => put({ status: "error", message: reasonOf(error) }),
      );
    }
    return () => {
      gone = true;
    };
  }, [nodes.join(" "), revision]);
  return found;
}
