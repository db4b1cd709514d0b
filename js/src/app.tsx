// The whole widget: toolbar, trail, canvas or table, panel.

import { useRef } from "preact/hooks";
import { Canvas, type Controls } from "./canvas";
import { number } from "./format";
import { Panel } from "./panels/index";
import { Savings } from "./saving";
import type { State } from "./state";
import { Table } from "./table";
import { Timeline } from "./timeline";
import { Toolbar } from "./toolbar";
import { Trail } from "./trail";

const PROBES = ["ground", "surface", "text", "muted", "line", "accent"];

export function App({ state }: { state: State }) {
  const controls = useRef<Controls | null>(null);
  const { nodes } = state.graph.value;
  return (
    <>
      {PROBES.map((name) => (
        <i key={name} data-probe={name} aria-hidden="true" />
      ))}
      <Toolbar state={state} />
      <Trail state={state} />
      <Timeline state={state} />
      <div class={`main ${state.told.value ? "with-panel" : ""}`}>
        <div class="stage">
          <div class="canvas-holder" hidden={state.asTable.value}>
            <Canvas state={state} controls={controls} />
            {nodes.length === 0 && <Empty />}
            {nodes.length > 0 && state.view.value.items.length === 0 && (
              <div class="empty" role="status">
                <p>Nothing passes the filter.</p>
              </div>
            )}
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
          {state.arranging.value > 0 && (
            <p class="busy" data-testid="artnb-arranging" role="status">
              Laying out {number(state.arranging.value)} nodes…
            </p>
          )}
          <Savings state={state} />
          {state.gone.value && (
            <p class="busy" data-testid="artnb-gone" role="status">
              The kernel is gone: this is what it said last. Run the cell again.
            </p>
          )}
          {state.busy.value && !state.gone.value && (
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
