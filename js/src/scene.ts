// The picture: nodes and arrows on a canvas, and which node is under the pointer.

import Flatbush from "flatbush";
import { Camera, type Box } from "./camera";
import type { Layout, Size } from "./layout";
import { related, type Item, type View } from "./levels";
import type { Theme } from "./theme";

const FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif';
const TITLE = `600 13px ${FONT}`;
const NOTE = `11px ${FONT}`;
const BADGE = `600 10px ${FONT}`;
const HEIGHT = 46;
const PAD = 16;
const ICON = 16;
/** The scale below which names are a strain to read. */
const READABLE = 0.6;
const LABELS_FROM = 9;
const CURVES_FROM = 8;
const MOST_ARROWS = 20_000;
const WIDEST_TEXT = 210;

let measuring: CanvasRenderingContext2D | null = null;

function textWidth(text: string, font: string): number {
  measuring ??= document.createElement("canvas").getContext("2d");
  if (!measuring) return text.length * 7;
  measuring.font = font;
  return measuring.measureText(text).width;
}

/** One line that fits, without control characters that could reorder its neighbours. */
export function shortened(text: string, font: string, most = WIDEST_TEXT): string {
  // Isolated, so that a right-to-left override in a name ends with the name.
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, " ");
  if (textWidth(clean, font) <= most) return clean;
  let low = 0;
  let high = clean.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(`${clean.slice(0, middle)}…`, font) <= most) low = middle;
    else high = middle - 1;
  }
  // Never half of a surrogate pair.
  return `${clean.slice(0, low).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** What is written in a node, and how large that makes it. */
export interface Face extends Size {
  title: string;
  note: string;
  badges: { text: string; width: number }[];
}

export function faceOf(item: Item): Face {
  const title = shortened(item.title, TITLE);
  const note = shortened(item.note, NOTE);
  const shown = item.badges.slice(0, 2).map((text) => shortened(text, BADGE, 70));
  if (item.badges.length > 2) shown.push(`+${item.badges.length - 2}`);
  const badges = shown.map((text) => ({ text, width: textWidth(text, BADGE) + 12 }));
  const second = textWidth(note, NOTE) + badges.reduce((sum, badge) => sum + badge.width + 5, 3);
  const text = Math.max(textWidth(title, TITLE), second);
  return {
    title,
    note,
    badges,
    width: Math.max(120, Math.ceil(text) + 2 * PAD + ICON + 8),
    height: HEIGHT,
  };
}

export class Scene {
  readonly camera = new Camera();
  view: View = { level: "types", items: [], arrows: [], place: new Map() };
  faces: Face[] = [];
  layout: Layout = { x: new Float64Array(), y: new Float64Array(), bends: [], width: 0, height: 0 };
  hovered = -1;
  selected = -1;
  /** The node that the keyboard is at. */
  cursor = -1;
  showCursor = false;
  found = new Set<number>();

  #canvas: HTMLCanvasElement;
  #context: CanvasRenderingContext2D;
  #index: Flatbush | null = null;
  #theme: Theme;
  #colours = new Map<string, string>();
  #lit: { of: number; set: Set<number> } = { of: -1, set: new Set() };
  #frame = 0;
  #move = 0;

  constructor(canvas: HTMLCanvasElement, theme: Theme) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    this.#theme = theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    this.#colour();
    this.draw();
  }

  show(view: View, faces: Face[], layout: Layout, types: string[]) {
    // The keyboard stays at its node: another view has other places, or lacks it.
    this.cursor = view.place.get(this.view.items[this.cursor]?.id ?? "") ?? -1;
    this.view = view;
    this.faces = faces;
    this.layout = layout;
    this.#types = types;
    this.#lit = { of: -1, set: new Set() };
    this.#pairs = new Set(view.arrows.map(({ source, target }) => `${source}>${target}`));
    this.hovered = -1;
    this.#colour();
    this.#index = null;
    if (view.items.length) {
      const index = new Flatbush(view.items.length);
      for (let i = 0; i < view.items.length; i++) {
        const box = this.box(i);
        index.add(box.left, box.top, box.right, box.bottom);
      }
      index.finish();
      this.#index = index;
    }
    this.draw();
  }

  #types: string[] = [];
  #pairs = new Set<string>();
  #colour() {
    this.#colours = new Map(
      this.#types.map((type, i) => [type, this.#theme.palette[i % this.#theme.palette.length]]),
    );
  }

  colour(item: Item): string {
    return item.isRun ? this.#theme.run : (this.#colours.get(item.type) ?? this.#theme.accent);
  }

  box(i: number): Box {
    const { width, height } = this.faces[i];
    const [x, y] = [this.layout.x[i], this.layout.y[i]];
    return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  }

  bounds(): Box {
    const all: Box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
    for (let i = 0; i < this.view.items.length; i++) {
      const box = this.box(i);
      all.left = Math.min(all.left, box.left);
      all.top = Math.min(all.top, box.top);
      all.right = Math.max(all.right, box.right);
      all.bottom = Math.max(all.bottom, box.bottom);
    }
    return all.left === Infinity ? { left: 0, top: 0, right: 1, bottom: 1 } : all;
  }

  resize(width: number, height: number) {
    const ratio = Math.min(3, devicePixelRatio || 1);
    this.camera.width = width;
    this.camera.height = height;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    this.paint();
  }

  /** The node at a point of the canvas, or -1. */
  hit(sx: number, sy: number): number {
    const [x, y] = this.camera.toGraph(sx, sy);
    const slack = 3 / this.camera.scale;
    const found = this.#index?.search(x - slack, y - slack, x + slack, y + slack) ?? [];
    return found.length ? Math.max(...found) : -1;
  }

  /** The canvas has another size: what was seen whole or chosen stays in sight. */
  refit() {
    if (this.camera.whole && this.camera.fitting(this.bounds()).scale >= READABLE) this.fit(false);
    else if (this.selected >= 0) this.keepInSight(this.selected);
    else if (this.camera.whole) this.fit(false);
  }

  fit(animate = true) {
    this.moveTo(this.camera.fitting(this.bounds()), animate);
    this.camera.whole = true;
  }

  /** Bring a node into sight, and near enough to be read. */
  reveal(i: number, animate = true) {
    if (i < 0) return;
    const scale = Math.max(this.camera.scale, 0.75);
    this.moveTo({ x: this.layout.x[i], y: this.layout.y[i], scale }, animate);
  }

  /** Pan only as far as a node needs to be seen. */
  keepInSight(i: number) {
    if (i < 0) return;
    const [dx, dy] = this.camera.toBring(this.box(i));
    if (dx || dy) this.moveTo({ x: this.camera.x + dx, y: this.camera.y + dy, scale: this.camera.scale });
  }

  moveTo(to: { x: number; y: number; scale: number }, animate = true) {
    cancelAnimationFrame(this.#move);
    this.camera.whole = false;
    const camera = this.camera;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!animate || still) {
      Object.assign(camera, to);
      this.draw();
      return;
    }
    const from = { x: camera.x, y: camera.y, scale: camera.scale };
    const start = performance.now();
    const step = (now: number) => {
      const t = Math.min(1, (now - start) / 260);
      const eased = 1 - (1 - t) ** 3;
      camera.scale = from.scale * (to.scale / from.scale) ** eased;
      camera.x = from.x + (to.x - from.x) * eased;
      camera.y = from.y + (to.y - from.y) * eased;
      this.draw();
      if (t < 1) this.#move = requestAnimationFrame(step);
    };
    this.#move = requestAnimationFrame(step);
  }

  draw() {
    if (!this.#frame) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.paint();
      });
    }
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    cancelAnimationFrame(this.#move);
  }

  paint() {
    const context = this.#context;
    const camera = this.camera;
    const ratio = this.#canvas.width / Math.max(1, camera.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    this.#dots(context);
    if (!this.#index) return;
    const k = ratio * camera.scale;
    context.setTransform(
      k, 0, 0, k,
      ratio * (camera.width / 2 - camera.x * camera.scale),
      ratio * (camera.height / 2 - camera.y * camera.scale),
    );
    const seen = camera.visible();
    const lit = this.#related();
    this.#arrows(context, seen, lit);
    const visible = this.#index.search(seen.left, seen.top, seen.right, seen.bottom).sort((a, b) => a - b);
    for (const i of visible) this.#node(context, i, lit);
  }

  #related(): Set<number> | null {
    const centre = this.hovered >= 0 ? this.hovered : this.selected;
    if (centre < 0) return null;
    if (this.#lit.of !== centre) this.#lit = { of: centre, set: related(this.view, centre) };
    return this.#lit.set;
  }

  #dots(context: CanvasRenderingContext2D) {
    const { camera } = this;
    let gap = 24 * camera.scale;
    while (gap < 16) gap *= 2;
    const [ox, oy] = camera.toScreen(0, 0);
    context.fillStyle = this.#theme.line;
    context.globalAlpha = 0.55;
    for (let x = ((ox % gap) + gap) % gap; x < camera.width; x += gap) {
      for (let y = ((oy % gap) + gap) % gap; y < camera.height; y += gap) context.fillRect(x, y, 1, 1);
    }
    context.globalAlpha = 1;
  }

  #arrows(context: CanvasRenderingContext2D, seen: Box, lit: Set<number> | null) {
    const tiny = HEIGHT * this.camera.scale < CURVES_FROM;
    context.lineJoin = "round";
    let drawn = 0;
    for (let n = 0; n < this.view.arrows.length && drawn < MOST_ARROWS; n++) {
      const { source, target, count } = this.view.arrows[n];
      const a = this.box(source);
      const b = this.box(target);
      if (Math.max(a.right, b.right) < seen.left || Math.min(a.left, b.left) > seen.right) continue;
      const points = this.layout.bends[n] ?? [];
      let top = Math.min(a.top, b.top);
      let bottom = Math.max(a.bottom, b.bottom);
      for (const [, y] of points) {
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
      if (bottom < seen.top || top > seen.bottom) continue;
      drawn++;
      const bright = lit !== null && lit.has(source) && lit.has(target);
      context.globalAlpha = lit && !bright ? 0.25 : 1;
      context.strokeStyle = bright ? this.#theme.accent : this.#theme.muted;
      context.fillStyle = context.strokeStyle;
      context.lineWidth = (bright ? 2 : 1.3) + Math.min(2, Math.log10(count));
      if (!bright && !lit) context.globalAlpha = 0.65;
      context.beginPath();
      if (source === target) this.#loop(context, a);
      else if (tiny) {
        context.moveTo(this.layout.x[source], this.layout.y[source]);
        context.lineTo(this.layout.x[target], this.layout.y[target]);
        context.stroke();
      } else this.#curve(context, a, b, points, this.#shift(source, target));
    }
    context.globalAlpha = 1;
  }

  #curve(context: CanvasRenderingContext2D, a: Box, b: Box, bends: [number, number][], shift: number) {
    const forward = b.left > a.left;
    const start: [number, number] = [forward ? a.right : a.left, (a.top + a.bottom) / 2 + shift];
    const end: [number, number] = [forward ? b.left - 7 : b.right + 7, (b.top + b.bottom) / 2 + shift];
    const sense = forward ? 1 : -1;
    const through = [start, ...bends, end];
    context.moveTo(...start);
    for (let i = 0; i + 1 < through.length; i++) {
      const [x1, y1] = through[i];
      const [x2, y2] = through[i + 1];
      const pull = Math.max(14, Math.abs(x2 - x1) * 0.45) * sense;
      if (y1 === y2) context.lineTo(x2, y2);
      else context.bezierCurveTo(x1 + pull, y1, x2 - pull, y2, x2, y2);
    }
    context.stroke();
    this.#head(context, end[0] + 7 * sense, end[1], sense);
  }

  /** Two arrows that go both ways between two nodes run side by side. */
  #shift(source: number, target: number): number {
    return this.#pairs.has(`${target}>${source}`) ? (source < target ? -7 : 7) : 0;
  }

  #loop(context: CanvasRenderingContext2D, box: Box) {
    const x = (box.left + box.right) / 2;
    context.moveTo(x + 18, box.top);
    context.bezierCurveTo(x + 34, box.top - 30, x - 34, box.top - 30, x - 18, box.top - 4);
    context.stroke();
    context.beginPath();
    context.moveTo(x - 17, box.top);
    context.lineTo(x - 24, box.top - 7);
    context.lineTo(x - 14, box.top - 8);
    context.fill();
  }

  #head(context: CanvasRenderingContext2D, x: number, y: number, sense: number) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - 8 * sense, y - 4.5);
    context.lineTo(x - 8 * sense, y + 4.5);
    context.fill();
  }

  #node(context: CanvasRenderingContext2D, i: number, lit: Set<number> | null) {
    const item = this.view.items[i];
    const face = this.faces[i];
    const box = this.box(i);
    const theme = this.#theme;
    const colour = this.colour(item);
    const seen = HEIGHT * this.camera.scale;
    context.globalAlpha = lit && !lit.has(i) ? 0.32 : 1;
    if (this.view.level === "types" && item.members.length > 1) {
      outline(context, item.isRun, box.left + 5, box.top - 5, face.width, face.height);
      context.fillStyle = theme.surface;
      context.strokeStyle = colour;
      context.lineWidth = 1;
      context.fill();
      context.stroke();
    }
    outline(context, item.isRun, box.left, box.top, face.width, face.height);
    const chosen = i === this.selected;
    context.fillStyle = theme.surface;
    if (seen >= LABELS_FROM) {
      context.shadowColor = theme.dark ? "rgba(0,0,0,.5)" : "rgba(20,30,50,.16)";
      context.shadowBlur = (chosen || i === this.hovered ? 14 : 6) * this.camera.scale;
      context.shadowOffsetY = 1.5 * this.camera.scale;
    }
    context.fill();
    context.shadowColor = "transparent";
    context.fillStyle = colour;
    const alpha = context.globalAlpha;
    context.globalAlpha = alpha * (chosen ? 0.22 : theme.dark ? 0.12 : 0.07);
    context.fill();
    context.globalAlpha = alpha;
    const bad = item.state === "failed" || item.state === "crashed" || item.state === "damaged";
    context.strokeStyle = bad ? theme.warn : chosen ? theme.accent : colour;
    context.lineWidth = chosen || i === this.hovered ? 2.4 : 1.5;
    if (item.state === "deleted") context.setLineDash([4, 3]);
    context.stroke();
    context.setLineDash([]);
    if ((this.showCursor && i === this.cursor) || this.found.has(i)) {
      outline(context, item.isRun, box.left - 4, box.top - 4, face.width + 8, face.height + 8);
      context.strokeStyle = theme.accent;
      context.lineWidth = 2;
      context.setLineDash(this.found.has(i) ? [5, 3] : []);
      context.stroke();
      context.setLineDash([]);
    }
    if (seen >= LABELS_FROM) this.#face(context, item, face, box, colour);
    context.globalAlpha = 1;
  }

  #face(context: CanvasRenderingContext2D, item: Item, face: Face, box: Box, colour: string) {
    const theme = this.#theme;
    const middle = (box.top + box.bottom) / 2;
    const left = box.left + PAD;
    context.fillStyle = colour;
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    if (item.isRun) play(context, left + ICON / 2, middle);
    else stack(context, left + ICON / 2, middle);
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.font = TITLE;
    context.fillStyle = theme.text;
    context.fillText(face.title, left + ICON + 8, middle - 8.5);
    context.font = NOTE;
    context.fillStyle = theme.muted;
    context.fillText(face.note, left + ICON + 8, middle + 9);
    let x = left + ICON + 8 + textWidth(face.note, NOTE) + 8;
    for (const badge of face.badges) {
      context.beginPath();
      context.roundRect(x, middle + 2, badge.width, 14, 7);
      context.fillStyle = colour;
      const alpha = context.globalAlpha;
      context.globalAlpha = alpha * 0.2;
      context.fill();
      context.globalAlpha = alpha;
      context.font = BADGE;
      context.fillStyle = theme.text;
      context.fillText(badge.text, x + 6, middle + 9.5);
      x += badge.width + 5;
    }
    this.#state(context, item, box);
  }

  #state(context: CanvasRenderingContext2D, item: Item, box: Box) {
    const theme = this.#theme;
    const [x, y] = [box.right - 11, box.top + 11];
    if (item.state === "running") {
      context.beginPath();
      context.arc(x, y, 4, 0, 2 * Math.PI);
      context.fillStyle = theme.dark ? "#5ad19a" : "#138a55";
      context.fill();
    } else if (["failed", "crashed", "damaged"].includes(item.state)) {
      context.beginPath();
      context.arc(x, y, 6, 0, 2 * Math.PI);
      context.fillStyle = theme.warn;
      context.fill();
      context.fillStyle = theme.ground;
      context.font = `700 9px ${FONT}`;
      context.textAlign = "center";
      context.fillText("!", x, y + 0.5);
      context.textAlign = "left";
    }
  }
}

/** Artifacts are pills, runs have cut corners: told apart without colour. */
function outline(context: CanvasRenderingContext2D, isRun: boolean, x: number, y: number, w: number, h: number) {
  context.beginPath();
  if (!isRun) {
    context.roundRect(x, y, w, h, h / 2);
    return;
  }
  const cut = 9;
  context.moveTo(x + cut, y);
  context.lineTo(x + w - cut, y);
  context.lineTo(x + w, y + cut);
  context.lineTo(x + w, y + h - cut);
  context.lineTo(x + w - cut, y + h);
  context.lineTo(x + cut, y + h);
  context.lineTo(x, y + h - cut);
  context.lineTo(x, y + cut);
  context.closePath();
}

function play(context: CanvasRenderingContext2D, x: number, y: number) {
  context.beginPath();
  context.moveTo(x - 5, y - 7);
  context.lineTo(x + 7, y);
  context.lineTo(x - 5, y + 7);
  context.closePath();
  context.lineJoin = "round";
  context.fill();
  context.stroke();
}

function stack(context: CanvasRenderingContext2D, x: number, y: number) {
  for (const [dy, filled] of [[4, false], [0, false], [-4, true]] as const) {
    context.beginPath();
    context.moveTo(x - 8, y + dy);
    context.lineTo(x, y + dy - 4.5);
    context.lineTo(x + 8, y + dy);
    context.lineTo(x, y + dy + 4.5);
    context.closePath();
    if (filled) context.fill();
    else {
      context.beginPath();
      context.moveTo(x - 8, y + dy);
      context.lineTo(x, y + dy + 4.5);
      context.lineTo(x + 8, y + dy);
    }
    context.stroke();
  }
}
