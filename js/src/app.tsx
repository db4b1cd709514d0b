// The whole widget: toolbar, canvas or table, panel.

import { useRef, useState } from "preact/hooks";
import { Canvas, type Controls } from "./canvas";
import { label, search, type Level } from "./levels";
import { Panel } from "./panels/index";
import type { State } from "./state";
import { Table } from "./table";

const PROBES = ["ground", "surface", "text", "muted", "line", "accent"];

export function App({ state }: { state: State }) {
  const controls = useRef<Controls | null>(null);
  const { nodes } = state.graph.value;
  return (
    <>
      {PROBES.map((name) => (
        <i key={name} data-probe={name} aria-hidden="true" />
      ))}
      <Toolbar state={state} controls={controls} />
      <div class={`main ${state.selected.value ? "with-panel" : ""}`}>
        <div class="stage">
          <div class="canvas-holder" hidden={state.asTable.value}>
            <Canvas state={state} controls={controls} />
            {nodes.length === 0 && <Empty />}
            {nodes.length > 0 && <Legend state={state} />}
            <div class="zoom" role="group" aria-label="Zoom">
              <button class="icon" aria-label="Zoom in" data-testid="artnb-zoom-in" onClick={() => controls.current?.zoom(1.3)}>
                +
              </button>
              <button class="icon" aria-label="Zoom out" data-testid="artnb-zoom-out" onClick={() => controls.current?.zoom(1 / 1.3)}>
                −
              </button>
              <button class="icon" aria-label="Fit the graph" title="Fit" data-testid="artnb-fit" onClick={() => controls.current?.fit()}>
                ⤢
              </button>
            </div>
          </div>
          {state.asTable.value && <Table state={state} />}
          {state.offline.value && (
            <p class="busy" data-testid="artnb-offline" role="status">
              The server does not answer: this is what it said last.
            </p>
          )}
          {state.busy.value && (
            <p class="busy" data-testid="artnb-busy" role="status">
              Kernel busy: the answer comes when it is free.
            </p>
          )}
        </div>
        <Panel state={state} />
      </div>
      <div class="said" aria-live="polite">
        {state.said.value}
      </div>
    </>
  );
}

function Toolbar(props: { state: State; controls: { current: Controls | null } }) {
  const { state } = props;
  const { project, nodes } = state.graph.value;
  const runs = nodes.filter((node) => node.isRun).length;
  return (
    <div class="toolbar">
      <div class="project" title={project}>
        <bdi>{project}</bdi>
        <span class="counts">
          {runs} run{runs === 1 ? "" : "s"} · {nodes.length - runs} version{nodes.length - runs === 1 ? "" : "s"}
        </span>
      </div>
      <div class="switch" role="group" aria-label="Level">
        <LevelButton state={state} level="types" text="Types" hint="Collapse: kinds of data and of work" />
        <LevelButton state={state} level="instances" text="Instances" hint="Explode: every version and run" />
      </div>
      <Search state={state} />
      <button
        class="icon wide"
        data-testid="artnb-table-switch"
        aria-pressed={state.asTable.value}
        onClick={() => (state.asTable.value = !state.asTable.value)}
      >
        {state.asTable.value ? "Graph" : "Table"}
      </button>
    </div>
  );
}

function LevelButton(props: { state: State; level: Level; text: string; hint: string }) {
  const chosen = props.state.level.value === props.level;
  return (
    <button
      aria-pressed={chosen}
      title={props.hint}
      data-testid={`artnb-level-${props.level}`}
      onClick={() => props.state.setLevel(props.level)}
    >
      {props.text}
    </button>
  );
}

function Search({ state }: { state: State }) {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const found = search(state.graph.value, state.query.value);
  const choose = (id: string) => {
    state.asTable.value = false;
    state.select(id);
    state.query.value = "";
    setOpen(false);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt(found.length ? (at + step + found.length) % found.length : 0);
    } else if (event.key === "Enter" && found[at]) choose(found[at].id);
    else if (event.key === "Escape") {
      state.query.value = "";
      setOpen(false);
    }
  };
  const shown = open && state.query.value.trim() !== "";
  return (
    <div class="search">
      <input
        type="search"
        placeholder="Search"
        aria-label="Search runs and artifacts"
        role="combobox"
        list={undefined}
        aria-expanded={shown}
        aria-controls="artnb-results"
        aria-activedescendant={shown && found[at] ? `artnb-result-${at}` : undefined}
        data-testid="artnb-search"
        data-lm-suppress-shortcuts="true"
        value={state.query.value}
        onInput={(event) => {
          state.query.value = event.currentTarget.value;
          setAt(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      {shown && (
        <ul id="artnb-results" role="listbox" aria-label="Found">
          {found.map((node, i) => (
            <li
              key={node.id}
              id={`artnb-result-${i}`}
              role="option"
              aria-selected={i === at}
              data-testid="artnb-result"
              // Before the input's blur closes the list.
              onMouseDown={(event) => (event.preventDefault(), choose(node.id))}
            >
              <span class={`shape ${node.isRun ? "run" : "artifact"}`} aria-hidden="true" />
              <bdi class="label">{label(node)}</bdi>
              <bdi class="type">{node.type}</bdi>
            </li>
          ))}
          {!found.length && (
            <li role="option" aria-selected={false} aria-disabled="true" class="none">
              Nothing found
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function Legend({ state }: { state: State }) {
  return (
    <ul class="legend" aria-label="Legend">
      <li>
        <span class="shape run" aria-hidden="true" /> run
      </li>
      {state.types.value.slice(0, 7).map((type, i) => (
        <li key={type}>
          <span class={`shape artifact c${i}`} aria-hidden="true" />
          <bdi>{type}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Empty() {
  return (
    <div class="empty">
      <p>Nothing is recorded in this project yet.</p>
      <p>
        Run a cell that begins with <code>%%artifact NAME</code>, or log with <code>artnb.init()</code>.
      </p>
    </div>
  );
}
