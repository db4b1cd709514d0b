// Small pieces that the panel's tabs share. Whatever a person wrote is a text node.

import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Link, VersionDetails } from "../protocol";
import type { State } from "../state";
import { number } from "../format";
import { groupsOf } from "../groups";
import { t, word } from "../texts";

/** Entries of a mapping or a list at once, and links: each is an element that the page has to lay out. */
const MOST = 500;

export function Row(props: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  );
}

export function Section(props: { title: string; count?: number; children: ComponentChildren }) {
  return (
    <section>
      <h3>
        {props.title}
        {props.count !== undefined && <span class="count">{number(props.count)}</span>}
      </h3>
      {props.children}
    </section>
  );
}

/** A slider over the steps at which something was logged, the last first chosen; nothing for a single one. */
export function Steps(props: { title: string; steps: number[]; at: number; go(at: number): void; testid: string }) {
  const { steps, at } = props;
  const step = t("step {0}", number(steps[at]));
  if (steps.length < 2) return null;
  return (
    <label class="steps">
      <input
        type="range" min="0" max={steps.length - 1} step="1" value={at} data-testid={props.testid}
        aria-label={t("Step of {0}", props.title)} aria-valuetext={step}
        onInput={(event) => props.go(Number(event.currentTarget.value))}
      />
      <output>{step}</output>
      <span>{t("{0} of {1}", number(at + 1), number(steps.length))}</span>
    </label>
  );
}

/** What went wrong; nothing where nothing did. */
export function Problem({ text }: { text: string }) {
  return text ? (
    <p class="problem" role="alert">
      {text}
    </p>
  ) : null;
}

export function Badge(props: { text: string; kind?: string }) {
  return (
    <span class={`badge ${props.kind ?? ""}`}>
      <bdi>{props.text}</bdi>
    </span>
  );
}

/** The sign of a node or a group, in its type's colour. */
export function Shape({ state, id }: { state: State; id: string }) {
  const { all, place } = groupsOf(state.graph.value);
  const what = state.byId.value.get(id) ?? all[place.get(id) ?? -1];
  const colour = what && !what.isRun ? state.types.value.indexOf(what.type) : -1;
  const isRun = what ? what.isRun : id.startsWith("r:");
  return <span class={`shape ${isRun ? "run" : "artifact"} ${colour < 0 ? "" : `l${colour % 7}`}`} aria-hidden="true" />;
}

/** A node that a click goes to. */
export function NodeLink(props: { state: State; link: Link }) {
  const { state, link } = props;
  return (
    <button class="node-link" data-testid="artnb-link" data-node={link.node} onClick={() => state.select(link.node)}>
      <Shape state={state} id={link.node} />
      <bdi class="label">{link.label}</bdi>
      <bdi class="type">{link.type}</bdi>
      <StateMark state={link.state} />
    </button>
  );
}

export function NodeLinks(props: { state: State; links: Link[]; none: string }) {
  if (!props.links.length) return <p class="none">{props.none}</p>;
  return (
    <ul class="links">
      {props.links.slice(0, MOST).map((link) => (
        <li key={link.node}>
          <NodeLink state={props.state} link={link} />
        </li>
      ))}
      {props.links.length > MOST && <li class="none">{t("and {0} more", number(props.links.length - MOST))}</li>}
    </ul>
  );
}

/** The runs that made a version, and those that used it. */
export function Relatives({ state, details }: { state: State; details: VersionDetails }) {
  return (
    <>
      <Section title={t("Made by")}>
        <NodeLinks state={state} links={details.producers} none={t("No run logged it.")} />
      </Section>
      <Section title={t("Used by")} count={details.consumers.length}>
        <NodeLinks state={state} links={details.consumers} none={t("No run has used it yet.")} />
      </Section>
    </>
  );
}

export function StateMark(props: { state: string }) {
  if (!props.state || props.state === "live" || props.state === "finished") return null;
  return <span class={`badge state-${props.state}`}>{word(props.state)}</span>;
}

export function Copyable(props: { text: string; state: State }) {
  const [done, setDone] = useState(false);
  const copy = async ({ currentTarget }: { currentTarget: HTMLElement }) => {
    try {
      await navigator.clipboard.writeText(props.text);
    } catch {
      if (!copiedByHand(props.text)) return; // a page without the right to
      currentTarget.focus();
    }
    setDone(true);
    props.state.said.value = t("Copied");
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <div class="copyable">
      <code tabIndex={0}>{props.text}</code>
      <button class="quiet" onClick={copy} aria-label={t("Copy {0}", props.text)}>
        {done ? t("Copied") : t("Copy")}
      </button>
    </div>
  );
}

/** Without the clipboard, which no page over plain http has: as a person does it. */
function copiedByHand(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** A JSON value as a tree: long ones fold. */
export function Tree(props: { value: unknown; name?: string; open?: boolean }) {
  const { value, name } = props;
  if (value !== null && typeof value === "object") {
    const entries = Array.isArray(value)
      ? value.map((item, i): [string, unknown] => [String(i), item])
      : Object.entries(value);
    if (Array.isArray(value) && value.length <= 16 && value.every((item) => item === null || typeof item !== "object")) {
      return <Leaf name={name} text={`[${value.map(plain).join(", ")}]`} kind="list" />;
    }
    if (!entries.length) return <Leaf name={name} text={Array.isArray(value) ? "[]" : "{}"} kind="list" />;
    return (
      <details class="tree" open={props.open ?? entries.length <= 12}>
        <summary>
          <bdi class="key">{name}</bdi> <span class="count">{number(entries.length)}</span>
        </summary>
        <div class="tree-body">
          <Entries entries={entries} />
        </div>
      </details>
    );
  }
  return <Leaf name={name} text={plain(value)} kind={value === null ? "null" : typeof value} />;
}

function Entries({ entries }: { entries: [string, unknown][] }) {
  return (
    <>
      {entries.slice(0, MOST).map(([key, item]) => (
        <Tree key={key} name={key} value={item} />
      ))}
      {entries.length > MOST && <p class="none">{t("and {0} more", number(entries.length - MOST))}</p>}
    </>
  );
}

function Leaf(props: { name?: string; text: string; kind: string }) {
  return (
    <div class="leaf">
      <bdi class="key">{props.name}</bdi>
      <bdi class={`value ${props.kind}`}>{props.text}</bdi>
    </div>
  );
}

function plain(value: unknown): string {
  // As it was written: a seed or a year has no commas, and a learning rate all its digits.
  return value === null ? "null" : String(value);
}

export function Mapping(props: { values: Record<string, unknown>; none: string }) {
  const entries = Object.entries(props.values);
  if (!entries.length) return <p class="none">{props.none}</p>;
  return (
    <div class="mapping">
      <Entries entries={entries} />
    </div>
  );
}
