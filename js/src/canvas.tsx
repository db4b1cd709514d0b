// The canvas in the page: pointer, wheel and keyboard on a Scene.

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { layout } from "./layout";
import { search, typeId } from "./levels";
import { Scene, faceOf } from "./scene";
import type { State } from "./state";
import { exposeForTests } from "./testhook";
import { readTheme, watchTheme } from "./theme";

export interface Controls {
  fit(): void;
  zoom(factor: number): void;
  focus(): void;
}

export function Canvas(props: { state: State; controls: { current: Controls | null } }) {
  const { state } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const stop = new AbortController();
    mount(canvas.current!, state, props.controls, stop.signal);
    return () => stop.abort();
  }, [state]);
  return (
    <canvas
      ref={canvas}
      tabIndex={0}
      role="application"
      aria-label="Lineage graph. Arrow keys follow the arrows, Enter opens, Escape closes; the table button shows the same as a table."
      data-testid="artnb-canvas"
      data-lm-suppress-shortcuts="true"
    />
  );
}

function mount(canvas: HTMLCanvasElement, state: State, controls: { current: Controls | null }, signal: AbortSignal) {
  const root = canvas.closest<HTMLElement>(".artnb")!;
  const holder = canvas.parentElement!;
  const scene = new Scene(canvas, readTheme(root));
  watchTheme(() => (scene.theme = readTheme(root)), signal);

  let sized = false;
  let shown = "";
  const arrange = () => {
    const view = state.view.value;
    const faces = view.items.map(faceOf);
    const placed = layout({ sizes: faces, arrows: view.arrows });
    scene.show(view, faces, placed, state.types.value);
    // Another level is shown whole; nodes that come while cells run move nobody who has moved.
    if (sized && (view.level !== shown || scene.camera.whole)) scene.fit(shown !== "");
    shown = view.level;
  };
  const choose = () => {
    const place = state.view.value.place.get(state.selected.value) ?? -1;
    scene.selected = place;
    if (place >= 0) scene.cursor = place;
    scene.draw();
  };
  const disposers = [
    effect(arrange),
    effect(() => {
      state.view.value;
      const before = scene.selected;
      choose();
      if (scene.selected >= 0 && scene.selected !== before && sized) {
        // Chosen from afar, a node is brought near enough to be read.
        if (scene.camera.scale < 0.35) scene.reveal(scene.selected);
        else scene.keepInSight(scene.selected);
      }
    }),
    effect(() => {
      // What the search lists is marked; collapsed, the type that holds it.
      const { place } = state.view.value;
      const at = search(state.graph.value, state.query.value).map((node) => place.get(node.id) ?? place.get(typeId(node)));
      scene.found = new Set(at.filter((each) => each !== undefined));
      scene.draw();
    }),
  ];

  const observer = new ResizeObserver(() => {
    const { clientWidth, clientHeight } = holder;
    if (!clientWidth || !clientHeight) return; // hidden: JupyterLab keeps what is off the page
    scene.resize(clientWidth, clientHeight);
    if (!sized) {
      sized = true;
      scene.fit(false);
      if (scene.selected >= 0) scene.reveal(scene.selected, false);
    } else scene.refit();
  });
  observer.observe(holder);

  const centre = (): [number, number] => [scene.camera.width / 2, scene.camera.height / 2];
  controls.current = {
    fit: () => scene.fit(),
    zoom: (factor) => {
      scene.camera.zoom(factor, ...centre());
      scene.draw();
    },
    focus: () => canvas.focus(),
  };
  pointers(canvas, scene, state, signal);
  wheel(canvas, scene, signal);
  keyboard(canvas, scene, state, signal);
  exposeForTests(canvas, scene, state, signal);
  signal.addEventListener("abort", () => {
    disposers.forEach((dispose) => dispose());
    observer.disconnect();
    scene.stop();
    controls.current = null;
  });
}

function pointers(canvas: HTMLCanvasElement, scene: Scene, state: State, signal: AbortSignal) {
  const down = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const at = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const hover = (place: number) => {
    if (place === scene.hovered) return;
    scene.hovered = place;
    canvas.style.cursor = place >= 0 ? "pointer" : "";
    canvas.title = place >= 0 ? scene.view.items[place].title : "";
    scene.draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    if (down.size === 1) moved = 0;
    scene.showCursor = false;
  }, { signal });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    const before = down.get(event.pointerId);
    if (!before) return hover(scene.hit(now.x, now.y));
    if (down.size === 1) {
      moved += Math.hypot(now.x - before.x, now.y - before.y);
      if (moved > 4) {
        scene.camera.pan(now.x - before.x, now.y - before.y);
        canvas.style.cursor = "grabbing";
        scene.draw();
      }
    } else {
      // Two fingers: their distance scales, about their middle.
      const other = [...down.entries()].find(([id]) => id !== event.pointerId)![1];
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(now.x - other.x, now.y - other.y);
      moved = 99;
      if (was > 0) scene.camera.zoom(is / was, (now.x + other.x) / 2, (now.y + other.y) / 2);
      scene.draw();
    }
    down.set(event.pointerId, now);
  }, { signal });
  canvas.addEventListener("pointerup", (event) => {
    if (!down.delete(event.pointerId)) return;
    canvas.style.cursor = "";
    if (moved > 4 || down.size) return;
    const now = at(event);
    const place = scene.hit(now.x, now.y);
    state.select(place >= 0 ? scene.view.items[place].id : "");
  }, { signal });
  canvas.addEventListener("pointercancel", (event) => down.delete(event.pointerId), { signal });
  canvas.addEventListener("pointerleave", () => hover(-1), { signal });
  canvas.addEventListener("dblclick", (event) => {
    const box = canvas.getBoundingClientRect();
    const place = scene.hit(event.clientX - box.left, event.clientY - box.top);
    if (place < 0) scene.fit();
    else if (state.level.value === "types") state.setLevel("instances");
    else scene.reveal(place);
  }, { signal });
}

function wheel(canvas: HTMLCanvasElement, scene: Scene, signal: AbortSignal) {
  canvas.addEventListener("wheel", (event) => {
    // The notebook scrolls past the graph, unless the person is in it or holds Ctrl or Cmd.
    const root = canvas.getRootNode() as Document | ShadowRoot;
    if (!event.ctrlKey && !event.metaKey && root.activeElement !== canvas) return;
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016));
    scene.camera.zoom(factor, event.clientX - box.left, event.clientY - box.top);
    scene.draw();
  }, { signal, passive: false });
}

function keyboard(canvas: HTMLCanvasElement, scene: Scene, state: State, signal: AbortSignal) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const handled = pressed(event.key, scene, state, canvas);
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, { signal });
  canvas.addEventListener("blur", () => {
    scene.showCursor = false;
    scene.draw();
  }, { signal });
}

function pressed(key: string, scene: Scene, state: State, canvas: HTMLCanvasElement): boolean {
  if (key === "+" || key === "=" || key === "-") {
    scene.camera.zoom(key === "-" ? 1 / 1.25 : 1.25, scene.camera.width / 2, scene.camera.height / 2);
    scene.draw();
    return true;
  }
  if (key === "0" || key === "f") return scene.fit(), true;
  if (key === "Escape") {
    if (!state.selected.value) return canvas.blur(), true;
    return state.select(""), true;
  }
  if (key === "Enter" || key === " ") {
    if (scene.cursor >= 0) state.select(scene.view.items[scene.cursor].id);
    return true;
  }
  if (!key.startsWith("Arrow") || !scene.view.items.length) return false;
  const next = scene.cursor < 0 ? first(scene) : neighbour(scene, key);
  if (next >= 0) {
    scene.cursor = next;
    scene.showCursor = true;
    scene.keepInSight(next);
    const item = scene.view.items[next];
    const { arrows } = scene.view;
    const from = arrows.filter((arrow) => arrow.target === next).length;
    const to = arrows.filter((arrow) => arrow.source === next).length;
    state.said.value = `${item.isRun ? "Run" : "Artifact"} ${item.title}, ${item.note}; ${from} in, ${to} out`;
  }
  scene.draw();
  return true;
}

function first(scene: Scene): number {
  let best = 0;
  scene.layout.x.forEach((x, i) => {
    const other = scene.layout.x[best];
    if (x < other || (x === other && scene.layout.y[i] < scene.layout.y[best])) best = i;
  });
  return best;
}

/** Left and right follow arrows, up and down go within the column. */
function neighbour(scene: Scene, key: string): number {
  const { x, y } = scene.layout;
  const at = scene.cursor;
  let candidates: number[];
  if (key === "ArrowRight") candidates = scene.view.arrows.filter((a) => a.source === at).map((a) => a.target);
  else if (key === "ArrowLeft") candidates = scene.view.arrows.filter((a) => a.target === at).map((a) => a.source);
  else {
    const sense = key === "ArrowDown" ? 1 : -1;
    candidates = [...x.keys()].filter((i) => Math.abs(x[i] - x[at]) < 60 && (y[i] - y[at]) * sense > 0);
  }
  candidates = candidates.filter((i) => i !== at);
  const distance = (i: number) => Math.abs(y[i] - y[at]);
  return candidates.sort((a, b) => distance(a) - distance(b))[0] ?? -1;
}
