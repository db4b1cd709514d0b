// The entry: wires a host to the app. Drawing never talks to the kernel, and the other way.

import { reasonOf } from "./format";
import { h, render } from "preact";
import { App } from "./app";
import { Told } from "./delta";
import { cellsOf } from "./notebook";
import { remember } from "./memory";
import { decodeGraph } from "./protocol";
import { fromBase64, KernelBackend, PageBackend, type Channel, type PageData } from "./rpc";
import { openServed, type ServedData } from "./served";
import { State } from "./state";
import styles from "./styles.css";
import { followKernel } from "./sync";
import { language, speak } from "./texts";
import { readTheme, watchTheme } from "./theme";

interface Model extends Channel {
  get(name: string): any;
}
interface Host {
  getModel?(reference: string): Promise<Model>;
}

/** The height in pixels where the place has none to give. */
const FALLBACK = 480;

function mount(el: HTMLElement, state: State, signal: AbortSignal, height: string) {
  const shadow = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = styles;
  const root = document.createElement("div");
  root.className = `artnb${height ? "" : " page"}`;
  // Not on the host: JupyterLab takes away what its layout model does not say.
  root.style.height = height;
  root.dataset.testid = "artnb";
  root.lang = language.value;
  root.dataset.lmSuppressShortcuts = "true";
  shadow.replaceChildren(style, root);
  // Before all that asks for colours: on paper they are those for a light ground.
  addEventListener("beforeprint", () => root.classList.add("printing"), { signal });
  addEventListener("afterprint", () => root.classList.remove("printing"), { signal });
  const themed = () => {
    // Twice: light-dark() follows the class that the ground decides.
    root.classList.toggle("dark", groundIsDark(root));
  };
  // Before what is drawn, which asks for the colours that the class decides.
  watchTheme(themed, signal);
  render(h(App, { state }), root);
  themed();
  signal.addEventListener("abort", () => {
    render(null, root);
    shadow.replaceChildren();
  });
}

function groundIsDark(root: HTMLElement): boolean {
  // System colours follow color-scheme themselves: asked of the host, not of our own class.
  const hosted = getComputedStyle(root).getPropertyValue("--jp-layout-color0") || getComputedStyle(root).getPropertyValue("--vscode-editor-background");
  if (hosted) return readTheme(root).dark;
  // marimo and others say it in CSS; who says both or nothing leaves it to the system.
  const scheme = getComputedStyle((root.getRootNode() as ShadowRoot).host).colorScheme;
  if (scheme === "light" || scheme === "dark") return scheme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** anywidget's view. */
async function renderWidget(props: { model: Model; el: HTMLElement; signal?: AbortSignal; host?: Host; experimental?: unknown }) {
  const { model, el } = props;
  const own = new AbortController();
  const signal = props.signal ?? own.signal;
  el.dataset.lmSuppressShortcuts = "true";
  // What the page does in the graph is not for the notebook's shortcuts: `x` cuts a cell.
  for (const kind of ["keydown", "keyup", "keypress"]) {
    el.addEventListener(kind, (event) => event.stopPropagation(), { signal });
  }
  speak(model.get("look").lang);
  const [channel, live] = await Promise.all([other(model, "rpc", props.host), other(model, "live", props.host)]);
  if (signal.aborted) return;
  let state: State | null = null;
  const backend = new KernelBackend(channel, signal, {
    busy: (now) => state && (state.busy.value = now),
    gone: (now) => state && (state.gone.value = now),
    back: () => back(),
  }, (model as any).widget_manager?.kernel);
  const told = new Told(live);
  const shown = (state = new State(told.now() ?? told.whole, "types", backend));
  shown.gone.value = backend.gone;
  // A first word while the kernel is idle: it opens the way that clicks take while it is busy.
  backend.watch(signal).catch(() => undefined);
  state.goToCell = cellsOf(model);
  state.begin(model.get("look"));
  remember(model.get("view_id"), state, signal);
  const back = followKernel(live, told, shown, () => backend.graph(), signal);
  mount(el, state, signal, `${model.get("height") || FALLBACK}px`);
  if (!model.get("height")) fillPanel(el, signal);
  hideStaticFigure(model.get("view_id"), signal);
  return () => own.abort();
}

/** Another model of the same graph, which the trait `name` names; the one itself in a host that gives none. */
async function other(model: Model, name: string, host?: Host): Promise<Model> {
  const reference = model.get(name);
  if (typeof reference !== "string") return reference ?? model;
  const id = reference.replace("IPY_MODEL_", "");
  const manager = (model as any).widget_manager;
  for (let wait = 50; ; wait *= 2) {
    try {
      return await (manager ? manager.get_model(id) : host!.getModel!(reference));
    } catch {
      // A host without other models: slower while a cell runs, and right.
      if (!manager || wait > 2_000) return model;
    }
    // A page that is loaded again makes its models in any order.
    await new Promise((done) => setTimeout(done, wait));
  }
}

/** Take all the height of the panel beside the notebook, in which no percentage counts. */
function fillPanel(el: HTMLElement, signal: AbortSignal) {
  const root = el.shadowRoot!.querySelector<HTMLElement>(".artnb")!;
  const sizes = new ResizeObserver(() => {
    const panel = el.closest(".jupyterlab-sidecar");
    if (!panel) return;
    sizes.observe(panel);
    if (panel.clientHeight) root.style.height = `${panel.clientHeight}px`;
  });
  sizes.observe(root);
  signal.addEventListener("abort", () => sizes.disconnect());
}

/** The picture for saved notebooks stands below the live graph; hidden while this one lives. */
function hideStaticFigure(viewId: string, signal: AbortSignal) {
  const style = document.createElement("style");
  style.textContent = `.artnb-static-${CSS.escape(viewId)} { display: none; }`;
  document.head.append(style);
  signal.addEventListener("abort", () => style.remove());
}

/** A page that `to_html` wrote. */
export function mountPage(el: HTMLElement, data: PageData) {
  speak(data.look.lang);
  document.documentElement.lang = language.value;
  const state = new State(decodeGraph(fromBase64(data.graph)), "types", new PageBackend(data));
  state.begin(data.look);
  mount(el, state, new AbortController().signal, "");
}

/** A page of `artnb ui`. */
export async function mountServed(el: HTMLElement, data: ServedData) {
  speak(data.lang);
  document.documentElement.lang = language.value;
  const { signal } = new AbortController();
  try {
    mount(el, await openServed(data, signal), signal, "");
  } catch (error) {
    el.textContent = reasonOf(error);
    el.setAttribute("role", "alert");
  }
}

export default { render: renderWidget };
