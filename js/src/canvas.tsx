// The canvas in the page: a Scene that follows the state.

import { effect, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { arrange } from "./arranger";
import { faceOf, type Face } from "./face";
import type { Filter } from "./filter";
import { keyboard, pointers, wheel } from "./input";
import type { Layout } from "./layout";
import { Minimap } from "./minimap";
import { placesBefore } from "./motion";
import type { Graph } from "./protocol";
import { Scene } from "./scene";
import type { Around, State } from "./state";
import { exposeForTests } from "./testhook";
import { drawWhole } from "./paper";
import { readTheme, watchTheme } from "./theme";
import type { View } from "./view";
import { t } from "./texts";

export interface Controls {
  fit(): void;
  zoom(factor: number): void;
}

/** What the keyboard does in the graph. */
export const keys = () => t("Lineage graph. Arrow keys follow the arrows, Enter opens, E explodes or folds, D turns the graph, T replays how it grew, P shows the path from the chosen node, O shows only what is around, Escape goes back; the table button shows the same as a table.");

export function Canvas(props: { state: State; controls: { current: Controls | null } }) {
  const { state } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  // Before the page's next frame, which then shows the graph and not an empty canvas first.
  useLayoutEffect(() => {
    const stop = new AbortController();
    mount(canvas.current!, state, props.controls, stop.signal);
    return () => stop.abort();
  }, [state]);
  return (
    <>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={keys()}
        data-testid="artnb-canvas"
        data-lm-suppress-shortcuts="true"
      />
      <canvas class="minimap" aria-hidden="true" hidden data-testid="artnb-minimap" />
      <canvas class="paper" role="img" aria-label={t("Lineage graph")} data-testid="artnb-paper" />
    </>
  );
}

/** What the last picture was of. */
interface Shown {
  level: string;
  direction: string;
  trail: readonly Around[];
  filter: Filter;
  graph: Graph;
}

const sizeOf = ({ width, height }: Face) => ({ width, height });

function placeOf(state: State, view: View): number {
  return view.place.get(state.selected.peek()) ?? -1;
}

function aspectOf({ camera }: Scene): number {
  return camera.height > 1 ? Math.min(2.4, Math.max(0.7, camera.width / camera.height)) : 1.6;
}

function mount(canvas: HTMLCanvasElement, state: State, controls: { current: Controls | null }, stop: AbortSignal) {
  const root = canvas.closest<HTMLElement>(".artnb")!;
  const holder = canvas.parentElement!;
  const scene = new Scene(canvas, readTheme(root));
  watchTheme(() => (scene.theme = readTheme(root)), stop);

  let sized = false;
  let shown: Shown = { level: "", direction: "", trail: state.trail.peek(), filter: state.filter.peek(), graph: state.graph.peek() };
  let working = new AbortController();
  // The view that is drawn: behind the one that is wanted while a large one is laid out.
  const drawn = signal(scene.view);
  const show = (now: Shown, view: View, faces: Face[], placed: Layout) => {
    const first = shown.level === "";
    const fresh = view.items.flatMap((item, i) => (scene.view.place.has(item.id) ? [] : [i]));
    scene.show(view, faces, placed, state.types.peek());
    scene.centre = view.place.get(now.trail.at(-1)?.id ?? "") ?? -1;
    if (sized) {
      // Another part of the graph is shown from its start; nodes that come while cells run move
      // nobody who has moved, those that a person asked for come into sight.
      const another = now.level !== shown.level || now.trail !== shown.trail || now.filter !== shown.filter || now.direction !== shown.direction;
      if (another) {
        scene.selected = placeOf(state, view);
        scene.begin(!first);
      } else if (scene.camera.keeps) scene.keep(!first);
      else if (now.graph === shown.graph && fresh.length) scene.bringIntoSight(fresh);
    }
    shown = now;
    state.arranging.value = 0;
    drawn.value = view;
  };
  const arrangeView = () => {
    const view = state.view.value;
    state.types.value;
    const direction = state.direction.value;
    const now: Shown = { level: view.level, direction, trail: state.trail.value, filter: state.filter.value, graph: view.graph };
    const faces = view.items.map(faceOf);
    const before = now.level === shown.level && direction === shown.direction ? placesBefore(scene, view) : undefined;
    const input = { sizes: faces.map(sizeOf), arrows: view.arrows, aspect: aspectOf(scene), direction, before: before?.stayed ? before : undefined };
    working.abort();
    working = new AbortController();
    state.arranging.value = view.items.length;
    arrange(input, working.signal, (placed) => show(now, view, faces, placed));
  };
  const choose = () => {
    const place = placeOf(state, scene.view);
    scene.selected = place;
    if (place >= 0) scene.cursor = place;
    scene.draw();
  };
  const disposers = [
    effect(arrangeView),
    effect(() => {
      drawn.value;
      state.selected.value;
      const before = scene.selected;
      choose();
      if (scene.selected >= 0 && scene.selected !== before && sized) {
        // Chosen from afar, a node is brought near enough to be read.
        if (scene.camera.scale < 0.35) scene.reveal(scene.selected);
        else scene.keepInSight(scene.selected);
      }
    }),
    effect(() => {
      // What the search lists is marked; folded, the group that holds it.
      const { of } = drawn.value;
      const at = state.hits.value.map((node) => of[state.places.value.get(node.id)!] ?? -1);
      scene.found = new Set(at.filter((each) => each >= 0));
      scene.draw();
    }),
    effect(() => {
      const { items } = state.view.value;
      const way = state.way.value.map((at) => scene.view.place.get(items[at].id) ?? -1);
      drawn.value;
      scene.showPath(way.includes(-1) ? [] : way);
    }),
    effect(() => {
      const growth = state.growth.value;
      const position = state.position.value;
      // Of what is drawn: while a large graph is laid out the replay waits for it.
      if (!growth || drawn.value === state.view.value) scene.replay(growth, position);
    }),
  ];

  const observer = new ResizeObserver(() => {
    const { clientWidth, clientHeight } = holder;
    if (!clientWidth || !clientHeight) return; // hidden: JupyterLab keeps what is off the page
    scene.resize(clientWidth, clientHeight);
    if (!sized) {
      sized = true;
      // Only now it surely is in the page, and has the page's colours.
      scene.theme = readTheme(root);
      scene.begin(false);
      if (scene.selected >= 0) scene.reveal(scene.selected, false);
    } else scene.refit();
    scene.paintNow();
  });
  observer.observe(holder);

  const centre = (): [number, number] => [scene.camera.width / 2, scene.camera.height / 2];
  controls.current = {
    fit: () => scene.fit(),
    zoom: (factor) => {
      scene.camera.zoom(factor, ...centre());
      scene.draw();
    },
  };
  const paper = holder.querySelector<HTMLCanvasElement>(".paper")!;
  addEventListener("beforeprint", () => drawWhole(scene, paper, state.types.peek()), { signal: stop });
  addEventListener("afterprint", () => (paper.width = paper.height = 0), { signal: stop });
  const minimap = new Minimap(holder.querySelector<HTMLCanvasElement>(".minimap")!, scene, stop);
  scene.onPaint = () => minimap.draw();
  pointers(canvas, scene, state, stop);
  wheel(canvas, scene, state, stop);
  keyboard(canvas, scene, state, stop);
  exposeForTests(canvas, scene, state, stop);
  stop.addEventListener("abort", () => {
    disposers.forEach((dispose) => dispose());
    working.abort();
    observer.disconnect();
    scene.stop();
    controls.current = null;
  });
}
