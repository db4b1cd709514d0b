// The whole widget: toolbar, trail, canvas or table, panel.

import { useRef } from "preact/hooks";
import { Canvas, type Controls } from "./canvas";
import { number } from "./format";
import { COMMAND, Gestures } from "./gestures";
import { Panel } from "./panels/index";
import { Savings } from "./saving";
import type { State } from "./state";
import { Table } from "./table";
import { t } from "./texts";
import { Timeline } from "./timeline";
import { Toolbar } from "./toolbar";
import { Trail } from "./trail";

const PROBES = ["ground", "surface", "text", "muted", "line", "accent"];

export function App({ state }: { state: State }) {
  const controls = useRef<Controls | null>(null);
  const { nodes } = state.graph.value;
  const main = useRef<HTMLDivElement>(null);
  const leave = () => {
    const row = `.table [data-node="${CSS.escape(state.selected.value)}"]`;
    state.select("");
    goBack(row);
  };
  const goBack = (...wanted: string[]) => {
    const ways = [...wanted, state.asTable.value ? ".table" : "canvas"];
    for (const way of ways) if (focus(main.current!.querySelector<HTMLElement>(way))) return;
  };
  // Pressed by a key, a button may go with what it did: the focus goes to what came of that. Heard
  // on the way down, while the button is still there.
  const onClick = ({ detail, target }: MouseEvent) => {
    if (detail) return;
    const [inTable, inPanel] = [".table", ".panel"].map((part) => (target as Element).closest(part) !== null);
    requestAnimationFrame(() => {
      // Of the whole page: a button may have led to a cell of the notebook.
      const lost = !document.activeElement || document.activeElement === document.body;
      if (main.current && (lost || inTable)) goBack(...(inTable || inPanel ? [".panel h2"] : []));
    });
  };
  const onKey = ({ key, target }: KeyboardEvent) => {
    if (key === "Escape" && (target as Element).matches(".panel :not(input, textarea, select)")) leave();
  };
  return (
    <div class="all" onClickCapture={onClick}>
      {PROBES.map((name) => (
        <i key={name} data-probe={name} aria-hidden="true" />
      ))}
      <Toolbar state={state} />
      <Trail state={state} />
      <Timeline state={state} />
      <div class={`main ${state.told.value ? "with-panel" : ""}`} ref={main} onKeyDown={onKey}>
        <div class="stage">
          <div class="canvas-holder" hidden={state.asTable.value}>
            <Canvas state={state} controls={controls} />
            {nodes.length === 0 && <Empty />}
            {nodes.length > 0 && state.view.value.items.length === 0 && (
              <div class="empty" role="status">
                <p>{t("Nothing passes the filter.")}</p>
              </div>
            )}
            {nodes.length > 0 && <Legend state={state} />}
            <div class="zoom" role="group" aria-label={t("Zoom")}>
              <button class="icon" aria-label={t("Zoom in")} data-testid="artnb-zoom-in" onClick={() => controls.current?.zoom(1.3)}>
                +
              </button>
              <button class="icon" aria-label={t("Zoom out")} data-testid="artnb-zoom-out" onClick={() => controls.current?.zoom(1 / 1.3)}>
                −
              </button>
              <button class="icon" aria-label={t("Fit the graph")} title={t("Fit")} data-testid="artnb-fit" onClick={() => controls.current?.fit()}>
                ⤢
              </button>
              <details class="keys" onKeyDown={closeKeys} onFocusOut={closeKeys}>
                <summary class="icon" aria-label={t("Mouse and keys")} title={t("Mouse and keys")} data-testid="artnb-keys">
                  ?
                </summary>
                <Gestures />
              </details>
            </div>
          </div>
          {state.hinting.value && (
            <p class="tip" data-testid="artnb-hint" role="status">
              {t("To zoom: {0} + wheel, or click the graph first", COMMAND)}
            </p>
          )}
          {state.asTable.value && <Table state={state} />}
          <Notices state={state} />
          <Savings state={state} />
        </div>
        <Panel state={state} leave={leave} />
      </div>
      <div class="said" aria-live="polite">
        {state.said.value}
      </div>
    </div>
  );
}

/** Escape closes it, and going elsewhere. */
function closeKeys(event: KeyboardEvent | FocusEvent) {
  const details = event.currentTarget as HTMLDetailsElement;
  const to = (event as FocusEvent).relatedTarget as Element | null;
  if ("key" in event ? event.key === "Escape" : to && !details.contains(to)) details.open = false;
}

function focus(element: HTMLElement | null): boolean {
  element?.focus();
  return element !== null;
}

/** One below the other: several may hold at a time. */
function Notices({ state }: { state: State }) {
  return (
    <div class="notices">
      {state.offline.value && (
        <p class="busy" data-testid="artnb-offline" role="status">
          {t("The server does not answer: this is what it said last.")}
        </p>
      )}
      {state.arranging.value > 0 && (
        <p class="busy" data-testid="artnb-arranging" role="status">
          {t("Laying out {0} nodes…", number(state.arranging.value))}
        </p>
      )}
      {state.gone.value && (
        <p class="busy" data-testid="artnb-gone" role="status">
          {t("The kernel is gone: this is what it said last. Run the cell again.")}
        </p>
      )}
      {state.busy.value && !state.gone.value && (
        <p class="busy" data-testid="artnb-busy" role="status">
          {t("Kernel busy: the answer comes when it is free.")}
        </p>
      )}
    </div>
  );
}

function Legend({ state }: { state: State }) {
  return (
    <ul class="legend" aria-label={t("Legend")}>
      <li>
        <span class="shape run" aria-hidden="true" /> {t("run")}
      </li>
      {state.types.value.slice(0, 7).map((type, i) => (
        <li key={type}>
          <span class={`shape artifact l${i}`} aria-hidden="true" />
          <bdi>{type}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Empty() {
  return (
    <div class="empty">
      <p>{t("Nothing is recorded in this project yet.")}</p>
      <p>
        {t("Begin a cell with {0} and run it, or log with {1}.")
          .split(/(\{\d\})/)
          .map((part) => (part === "{0}" ? <code key="0">%%artifact NAME</code> : part === "{1}" ? <code key="1">artnb.init()</code> : part))}
      </p>
    </div>
  );
}
