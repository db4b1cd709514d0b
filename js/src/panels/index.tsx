// The panel beside the graph: which tabs a node has, and loading what they show.

import { reasonOf } from "../format";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import type { ComponentChild } from "preact";
import { groupsOf, isInstance } from "../groups";
import type { Details } from "../protocol";
import { KINDS, type Loading, type State } from "../state";
import { counted } from "../view";
import { Actions } from "./actions";
import { RunCharts } from "./charts";
import { VersionFiles } from "./files";
import { RunImages } from "./images";
import { VersionMetadata } from "./metadata";
import { Members } from "./members";
import { StateMark, Problem } from "./parts";
import { RunTables } from "./tables";
import { hasOutput, RunCode, RunConfig, RunOutput, RunOverview, RunSummary } from "./run";
import { RunFiles } from "./touched";
import { VersionUsage } from "./usage";
import { VersionList, VersionOverview } from "./version";
import { t } from "../texts";

interface Tab {
  id: string;
  title: string;
  show(): ComponentChild;
}

function tabsOf(state: State, details: Details): Tab[] {
  if (details.kind === "version") {
    return [
      { id: "overview", title: t("Overview"), show: () => <VersionOverview state={state} details={details} /> },
      { id: "metadata", title: t("Metadata"), show: () => <VersionMetadata state={state} details={details} /> },
      { id: "files", title: t("Files"), show: () => <VersionFiles state={state} details={details} /> },
      { id: "usage", title: t("Usage"), show: () => <VersionUsage state={state} details={details} /> },
      { id: "versions", title: t("Versions"), show: () => <VersionList state={state} details={details} /> },
    ];
  }
  const tabs: (Tab | false)[] = [
    { id: "overview", title: t("Overview"), show: () => <RunOverview state={state} details={details} /> },
    { id: "config", title: t("Config"), show: () => <RunConfig state={state} details={details} /> },
    { id: "summary", title: t("Summary"), show: () => <RunSummary state={state} details={details} /> },
    details.charts.length > 0 && {
      id: "charts", title: t("Charts"), show: () => <RunCharts state={state} details={details} />,
    },
    details.images.length > 0 && {
      id: "images", title: t("Images"), show: () => <RunImages state={state} details={details} />,
    },
    details.tables.length > 0 && {
      id: "tables", title: t("Tables"), show: () => <RunTables state={state} details={details} />,
    },
    details.touched !== null && {
      id: "files", title: t("Files"), show: () => <RunFiles state={state} files={details.touched!} />,
    },
    { id: "code", title: t("Code"), show: () => <RunCode state={state} details={details} /> },
    hasOutput(details) && {
      id: "output", title: t("Output"), show: () => <RunOutput state={state} details={details} />,
    },
  ];
  return tabs.filter((tab): tab is Tab => tab !== false);
}

interface Props {
  state: State;
  /** Close the panel, and go back to where the keyboard was. */
  leave(): void;
}

export function Panel(props: Props) {
  const id = props.state.told.value;
  if (!id) return null;
  return isInstance(id) ? <NodePanel {...props} id={id} /> : <GroupPanel {...props} id={id} />;
}

function GroupPanel({ state, leave, id }: Props & { id: string }) {
  const members = membersOf(state, id);
  if (!members.length) return null;
  const { items, place } = state.view.value;
  const title = items[place.get(id) ?? -1]?.title ?? id.slice(2);
  const { isRun, type } = state.graph.value.nodes[members[0]];
  const note = id.startsWith("c:") ? type : counted(members.length, isRun);
  return (
    <aside class="panel" data-testid="artnb-panel" aria-label={t("Details of {0}", title)}>
      <Head state={state} leave={leave} id={id} kind={t(KINDS[id[0]])} title={title} note={note} />
      <div class="body" data-testid="artnb-tab-members" tabIndex={0} role="region" aria-label={t("What it holds")}>
        <Members state={state} members={members} />
      </div>
    </aside>
  );
}

/** What a group holds, also while its parts are drawn in its place. */
function membersOf(state: State, id: string): number[] {
  const { items, place } = state.view.value;
  const item = items[place.get(id) ?? -1];
  if (item) return item.members;
  const { type, name, place: groups } = groupsOf(state.graph.value);
  const group = groups.get(id);
  if (group === undefined) return [];
  return [...type.keys()].filter((i) => type[i] === group || name[i] === group);
}

function NodePanel({ state, leave, id }: Props & { id: string }) {
  const revision = state.revision.value;
  const [tries, setTries] = useState(0);
  const [answer, setAnswer] = useState<{ id: string; what: Loading<Details> }>({ id, what: pendingOr(state, id) });
  useEffect(() => {
    let gone = false;
    const known = state.known(id);
    // While the same node is fetched anew, what is shown stays.
    setAnswer((before) => (known || before.id !== id ? { id, what: pendingOr(state, id) } : before));
    state.details(id).then(
      (value) => gone || setAnswer({ id, what: { status: "ready", value } }),
      (error) => gone || setAnswer({ id, what: { status: "error", message: reasonOf(error) } }),
    );
    return () => {
      gone = true;
    };
  }, [id, revision, tries]);
  const what = answer.id === id ? answer.what : pendingOr(state, id);
  if (what.status !== "ready") {
    // What the graph itself says stands at once, also while the kernel is busy.
    const node = state.byId.value.get(id);
    // What an exported page holds will not be another.
    const again = (state.backend.load ?? state.backend.link) && (() => {
      setAnswer({ id, what: { status: "pending" } });
      setTries(tries + 1);
    });
    return (
      <aside class="panel" data-testid="artnb-panel" aria-label={t("Details")} aria-busy={what.status === "pending"}>
        <Head state={state} leave={leave} id={id} kind={t(id.startsWith("r:") ? "Run" : "Artifact")} title={node ? state.titleOf(id) : "…"} note={node?.type ?? ""} mark={node?.state} />
        <div class="body">
          {what.status === "pending" ? <p class="none">{t("Loading…")}</p> : <p class="problem">{what.message}</p>}
          {what.status === "error" && again && (
            <p class="actions">
              <button data-testid="artnb-again" onClick={again}>
                {t("Try again")}
              </button>
            </p>
          )}
        </div>
      </aside>
    );
  }
  // No component of its own: what has the focus in the head keeps it when the answer comes.
  return loaded({ state, leave, details: what.value });
}

function pendingOr(state: State, id: string): Loading<Details> {
  const value = state.known(id);
  return value ? { status: "ready", value } : { status: "pending" };
}

function loaded({ state, leave, details }: Props & { details: Details }) {
  const tabs = tabsOf(state, details);
  const chosen = tabs.find((tab) => tab.id === state.tab.value) ?? tabs[0];
  const isRun = details.kind === "run";
  const name = isRun ? details.name : details.ref;
  // Of another project, as the graph and its links say it.
  const title = details.project === state.graph.value.project ? name : `${details.project}/${name}`;
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(chosen) + step + tabs.length) % tabs.length];
    state.tab.value = next.id;
    const list = event.currentTarget as HTMLElement;
    requestAnimationFrame(() => list.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <aside class="panel" data-testid="artnb-panel" aria-label={t("Details of {0}", title)} data-node={details.node}>
      <Head
        state={state}
        leave={leave}
        id={details.node}
        kind={t(isRun ? "Run" : "Artifact")}
        title={title}
        note={(isRun ? details.jobType : details.type) ?? ""}
        mark={state.byId.value.get(details.node)?.state === "stale" ? "stale" : details.state}
      />
      <div class="tabs" role="tablist" aria-label={t("Details")} onKeyDown={onKey}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            role="tab"
            aria-selected={tab === chosen}
            tabIndex={tab === chosen ? 0 : -1}
            data-testid={`artnb-tab-${tab.id}`}
            onClick={() => (state.tab.value = tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div class="body" role="tabpanel" aria-label={chosen.title} tabIndex={0} key={`${details.node}${chosen.id}`}>
        <Guarded show={chosen.show} />
      </div>
    </aside>
  );
}

/** What one tab cannot show says so, and leaves all else as it is. */
function Guarded({ show }: Pick<Tab, "show">) {
  const [error] = useErrorBoundary();
  if (!error) return <>{show()}</>;
  return (
    <Problem text={t("This could not be shown: {0}", reasonOf(error))} />
  );
}

function Head(props: Props & { id: string; kind: string; title: string; note: string; mark?: string }) {
  return (
    <header>
      <div class="heading">
        <p class="kind">
          {props.kind}
          {props.note && (
            <>
              {" · "}
              <bdi>{props.note}</bdi>
            </>
          )}
        </p>
        <h2 tabIndex={-1} data-testid="artnb-panel-title">
          <bdi>{props.title}</bdi>
          {props.mark && <StateMark state={props.mark} />}
        </h2>
        <Actions state={props.state} id={props.id} />
      </div>
      <button
        class="icon"
        aria-label={t("Close details")}
        data-testid="artnb-panel-close"
        // By the mouse nothing is to have the focus, which would take the wheel from the notebook.
        onClick={({ detail }) => (detail ? props.state.select("") : props.leave())}
      >
        ✕
      </button>
    </header>
  );
}
