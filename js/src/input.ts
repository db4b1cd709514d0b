// Pointer, wheel and keyboard on a Scene.

import { HEIGHT } from "./face";
import { isInstance } from "./groups";
import type { Scene } from "./scene";
import type { State } from "./state";
import { t } from "./texts";

/** Milliseconds within which two clicks are one double click. */
const DOUBLE = 450;

export function pointers(canvas: HTMLCanvasElement, scene: Scene, state: State, signal: AbortSignal) {
  const down = new Map<number, { x: number; y: number }>();
  let moved = 0;
  let last = { x: 0, y: 0, time: -Infinity, id: "" };
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
    canvas.style.cursor = scene.hovered >= 0 ? "pointer" : "";
    if (moved > 4 || down.size) return;
    const now = at(event);
    const again = event.timeStamp - last.time < DOUBLE && Math.hypot(now.x - last.x, now.y - last.y) < 8;
    if (again) return; // the second half of a double click: the panel may have moved the picture
    const place = scene.hit(now.x, now.y);
    last = { ...now, time: event.timeStamp, id: place >= 0 ? scene.view.items[place].id : "" };
    if (event.shiftKey && state.selected.value && last.id) state.endWay(last.id);
    else state.select(last.id);
  }, { signal });
  canvas.addEventListener("pointercancel", (event) => down.delete(event.pointerId), { signal });
  canvas.addEventListener("pointerleave", () => hover(-1), { signal });
  canvas.addEventListener("dblclick", () => {
    if (!last.id) scene.fit();
    else explodeOrFold(state, last.id);
  }, { signal });
}

export function wheel(canvas: HTMLCanvasElement, scene: Scene, state: State, signal: AbortSignal) {
  canvas.addEventListener("wheel", (event) => {
    // The notebook scrolls past the graph, unless the person is in it or holds Ctrl or Cmd.
    const root = canvas.getRootNode() as Document | ShadowRoot;
    if (!event.ctrlKey && !event.metaKey && root.activeElement !== canvas) return hint(state, signal);
    event.preventDefault();
    state.hinting.value = false;
    const box = canvas.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016));
    scene.camera.zoom(factor, event.clientX - box.left, event.clientY - box.top);
    scene.draw();
  }, { signal, passive: false });
}

const HINTED = "artnb.wheel";
const HINT_LASTS = 4_000;

/** Say how to zoom, the first time that the browser's tab sees a wheel pass over a graph. */
function hint(state: State, signal: AbortSignal) {
  try {
    if (sessionStorage.getItem(HINTED)) return;
    sessionStorage.setItem(HINTED, "1");
  } catch {
    return; // a host that forbids it: better never than at each wheel
  }
  state.hinting.value = true;
  const end = setTimeout(() => (state.hinting.value = false), HINT_LASTS);
  signal.addEventListener("abort", () => clearTimeout(end));
}

export function keyboard(canvas: HTMLCanvasElement, scene: Scene, state: State, signal: AbortSignal) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const handled = pressed(keyOf(event), scene, state, canvas);
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

/** A letter as a Latin keyboard has it in that place: also with Caps Lock, and while one writes Korean or Greek. */
function keyOf({ key, code }: KeyboardEvent): string {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  return /^Key[A-Z]$/.test(code ?? "") ? code.slice(3).toLowerCase() : key;
}

function pressed(key: string, scene: Scene, state: State, canvas: HTMLCanvasElement): boolean {
  if (key === "+" || key === "=" || key === "-") {
    scene.camera.zoom(key === "-" ? 1 / 1.25 : 1.25, scene.camera.width / 2, scene.camera.height / 2);
    scene.draw();
    return true;
  }
  if (key === "0" || key === "f") return scene.fit(), true;
  if (key === "Escape") {
    if (state.ends.value) state.ends.value = null;
    else if (state.selected.value) state.select("");
    else if (state.trail.value.length) state.back(state.trail.value.length - 1);
    else canvas.blur();
    return true;
  }
  if (key === "Backspace") return state.back(state.trail.value.length - 1), true;
  if (key === "Enter" || key === " ") {
    if (scene.cursor >= 0) state.select(scene.view.items[scene.cursor].id);
    return true;
  }
  if (key === "d") return state.turn(), true;
  if (key === "t") return state.graph.value.nodes.length > 0 && state.replay(!state.replaying.value), true;
  const at = scene.view.items[scene.cursor]?.id;
  if (key === "p") return at && state.endWay(at), true;
  if (key === "e" || key === "o") {
    if (!at) return true;
    if (key === "e") explodeOrFold(state, at);
    else state.look(at);
    state.said.value = t("{0} nodes are shown", scene.view.items.length);
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
    state.said.value = t(item.isRun ? "Run {0}, {1}; {2} in, {3} out" : "Artifact {0}, {1}; {2} in, {3} out", item.title, item.note, from, to);
  }
  scene.draw();
  return true;
}

/** A group gives way to its parts, a part to its group. */
export function explodeOrFold(state: State, id: string) {
  if (!isInstance(id)) state.explode(id);
  else if (state.foldsInto(id)) state.fold(state.foldsInto(id));
}

/** Where the keyboard begins: at the start of the arrows. */
function first(scene: Scene): number {
  const [along, across] = axes(scene);
  let best = 0;
  along.forEach((at, i) => {
    if (at < along[best] || (at === along[best] && across[i] < across[best])) best = i;
  });
  return best;
}

/** Places along the arrows, and across them. */
function axes({ layout, down }: Scene): [Float64Array, Float64Array] {
  return down ? [layout.y, layout.x] : [layout.x, layout.y];
}

/** Two keys follow arrows, in their direction and back; the other two go within the layer. */
function neighbour(scene: Scene, key: string): number {
  const [along, across] = axes(scene);
  const [forth, back, further] = scene.down ? ["ArrowDown", "ArrowUp", "ArrowRight"] : ["ArrowRight", "ArrowLeft", "ArrowDown"];
  const at = scene.cursor;
  let candidates: number[];
  if (key === forth) candidates = scene.view.arrows.filter((a) => a.source === at).map((a) => a.target);
  else if (key === back) candidates = scene.view.arrows.filter((a) => a.target === at).map((a) => a.source);
  else {
    const sense = key === further ? 1 : -1;
    const near = scene.down ? HEIGHT / 2 : 60;
    candidates = [...along.keys()].filter((i) => Math.abs(along[i] - along[at]) < near && (across[i] - across[at]) * sense > 0);
  }
  candidates = candidates.filter((i) => i !== at);
  const distance = (i: number) => Math.abs(across[i] - across[at]);
  return candidates.sort((a, b) => distance(a) - distance(b))[0] ?? -1;
}
