// The tabs of a run.

import { useState } from "preact/hooks";
import type { RunDetails } from "../protocol";
import type { State } from "../state";
import { ago, duration, number, reasonOf, when } from "../format";
import { highlighted } from "../highlight";
import { Tags } from "./labels";
import { Drawing } from "./drawing";
import { Figure } from "./figure";
import { Mapping, NodeLinks, Row, Section, StateMark, Problem } from "./parts";
import { Prose } from "./prose";
import { t, told } from "../texts";

type Props = { state: State; details: RunDetails };

export function RunOverview({ state, details }: Props) {
  const { backend } = state;
  const lasted = details.finished ? details.finished - details.created : null;
  return (
    <>
      {details.problem && <p class="problem">{told(details.problem)}</p>}
      {details.shown.error && <p class="problem">{errorLine(details.shown.error)}</p>}
      <Prose
        name="Notes"
        text={details.notes}
        write={backend.text && ((text) => state.changed(backend.text!(details.node, text), t("Notes saved")))}
      />
      <dl>
        <Row name={t("Job type")}>
          <bdi>{details.jobType ?? t("none")}</bdi>
        </Row>
        <Row name={t("State")}>
          {details.state === "finished" ? t("finished") : <StateMark state={details.state} />}
        </Row>
        <Row name={t("Started")}>
          <time title={when(details.created)}>{ago(details.created)}</time>
        </Row>
        {lasted !== null && <Row name={t("Took")}>{duration(lasted)}</Row>}
        {details.group && (
          <Row name={t("Group")}>
            <bdi>{details.group}</bdi>
          </Row>
        )}
        <Row name={t("Tags")}>
          <Tags state={state} node={details.node} tags={details.tags} />
        </Row>
        {details.notebook && (
          <Row name={t("Notebook")}>
            <bdi>{details.notebook}</bdi>
            {details.cellId && <Cell state={state} notebook={details.notebook} cell={details.cellId} />}
          </Row>
        )}
        {details.gitCommit && (
          <Row name={t("Commit")}>
            <code class="digest">{details.gitCommit.slice(0, 12)}</code>
          </Row>
        )}
        <Row name={t("Run id")}>
          <code class="digest">{details.id}</code>
        </Row>
      </dl>
      <Section title={t("Inputs")} count={details.inputs.length}>
        <NodeLinks state={state} links={details.inputs} none={t("It used no artifact.")} />
      </Section>
      <Section title={t("Outputs")} count={details.outputs.length}>
        <NodeLinks state={state} links={details.outputs} none={t("It logged no artifact.")} />
      </Section>
      <details class="more">
        <summary>{t("Environment")}</summary>
        <Mapping values={details.environment} none={t("Nothing was noted.")} />
      </details>
    </>
  );
}

/** The cell that the run was: a way to it where the host has one, else its id. */
function Cell({ state, notebook, cell }: { state: State; notebook: string; cell: string }) {
  const [problem, setProblem] = useState("");
  const go = () => {
    try {
      setProblem("");
      state.said.value = state.goToCell!(notebook, cell);
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  if (!state.goToCell) return <code class="digest">{t("cell {0}", cell)}</code>;
  return (
    <>
      <button class="text" data-testid="artnb-cell" title={t("cell {0}", cell)} onClick={go}>
        {t("Go to the cell")}
      </button>
      <Problem text={problem} />
    </>
  );
}

export function RunConfig({ details }: Props) {
  return <Mapping values={details.config} none={t("The run has no config.")} />;
}

export function RunSummary({ details }: Props) {
  // Measured: more digits than these say nothing.
  const values = Object.entries(details.summary).map(([key, value]) => [key, typeof value === "number" ? number(value) : value]);
  return <Mapping values={Object.fromEntries(values)} none={t("The run has no summary.")} />;
}

export function RunCode({ details }: Props) {
  return (
    <>
      <OfNotebook details={details} />
      {details.modules.map(({ path, code }) => (
        <details class="more" data-testid="artnb-module">
          <summary>
            <bdi>{path}</bdi>
          </summary>
          <Source name={path} text={code} />
        </details>
      ))}
    </>
  );
}

function OfNotebook({ details }: Pick<Props, "details">) {
  const { code, cellLines } = details;
  if (!code) return <p class="none">{t("The code was not kept.")}</p>;
  const lines = code.split("\n");
  const rest = cellLines ? lines.slice(cellLines).join("\n").replace(/^\n+/, "") : "";
  if (!cellLines || !rest) return <Source name={t("Code")} text={code} />;
  return (
    <>
      <Section title={t("The cell")}>
        <Source name={t("The cell")} text={lines.slice(0, cellLines).join("\n")} />
      </Section>
      <Section title={t("What of the notebook it uses")}>
        <Source name={t("What of the notebook it uses")} text={rest} />
      </Section>
    </>
  );
}

function Source({ name, text }: { name: string; text: string }) {
  return (
    <pre class="code" tabIndex={0} aria-label={name}>
      <code>{highlighted(text).map(([kind, piece]) => (kind ? <span class={`py-${kind}`}>{piece}</span> : piece))}</code>
    </pre>
  );
}

export function RunOutput({ state, details }: Props) {
  const { stdout, stderr, error, displays } = details.shown;
  return (
    <>
      {error && (
        <Section title={t("Error")}>
          <pre class="code bad" tabIndex={0}>
            {errorText(error)}
          </pre>
        </Section>
      )}
      {stdout && (
        <Section title={t("Output")}>
          <pre class="code" tabIndex={0}>
            {withoutColours(stdout)}
          </pre>
        </Section>
      )}
      {stderr && (
        <Section title={t("Standard error")}>
          <pre class="code" tabIndex={0}>
            {withoutColours(stderr)}
          </pre>
        </Section>
      )}
      {displays?.length ? (
        <Section title={t("Shown")}>
          {displays.map((each, i) => (
            <Displayed key={i} state={state} shown={each} label={t("output {0}", i + 1)} />
          ))}
        </Section>
      ) : null}
    </>
  );
}

function Displayed(props: { state: State; shown: Record<string, any>; label: string }) {
  const { shown } = props;
  const digest = shown.digest ?? shown.sha256;
  if (digest) {
    const format = String(shown.mime ?? shown.format ?? "image/png").replace("image/", "");
    const picture = { digest, format, caption: null, width: shown.width ?? 0, height: shown.height ?? 0 };
    return <Figure state={props.state} picture={picture} label={props.label} />;
  }
  if (shown.charts) return <Drawing text={String(shown.text)} charts={shown.charts} />;
  return (
    <pre class="code" tabIndex={0}>
      {String(shown.text ?? "")}
    </pre>
  );
}

function errorText(error: unknown): string {
  if (typeof error === "string") return withoutColours(error);
  const { traceback, type, message, name, value } = error as Record<string, any>;
  const lines = Array.isArray(traceback) ? traceback.join("\n") : traceback;
  return withoutColours(String(lines ?? `${type ?? name ?? "Error"}: ${message ?? value ?? ""}`));
}

/** What went wrong, without how it came there. */
function errorLine(error: unknown): string {
  const { type, message, name, value } = error as Record<string, any>;
  const said = message ?? value;
  return said === undefined ? errorText(error).trim().split("\n").at(-1)! : withoutColours(`${type ?? name}: ${said}`).slice(0, 500);
}

function withoutColours(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "");
}

export function hasOutput(details: RunDetails): boolean {
  const { stdout, stderr, error, displays } = details.shown;
  return Boolean(stdout || stderr || error || displays?.length);
}
