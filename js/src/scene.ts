// The picture: nodes and arrows on a canvas, and which node is under the pointer.

import Flatbush from "flatbush";
import { Camera, type Box } from "./camera";
import { NOTE, shortened, type Face } from "./face";
import type { Layout } from "./layout";
import { eased, LASTS, motionBetween, type Motion } from "./motion";
import { arrows, dots, node, type Drawing } from "./paint";
import { related, type Lit } from "./related";
import { arrived, type Growth } from "./replay";
import type { Theme } from "./theme";
import { noteOf, type Item, type View } from "./view";

/** The scale below which names are a strain to read. */
const READABLE = 0.6;
/** Seen whole, a graph is to be read at a look: below this it begins with its newest part. */
const LEGIBLE = 0.45;
const NEAR = 0.8;
const DARK = { of: -1, items: new Set<number>(), arrows: new Set<string>() };
const NOTHING: View = {
  level: "types", items: [], arrows: [], place: new Map(), of: new Int32Array(),
  graph: { project: "", revision: 0, nodes: [], sources: new Uint32Array(), targets: new Uint32Array() },
};

export class Scene implements Drawing {
  readonly camera = new Camera();
  view = NOTHING;
  faces: Face[] = [];
  layout: Layout = { x: new Float64Array(), y: new Float64Array(), bends: [], width: 0, height: 0, direction: "right" };
  hovered = -1;
  selected = -1;
  /** The node that the view keeps to, with what is around it; -1 for none. */
  centre = -1;
  /** The node that the keyboard is at. */
  cursor = -1;
  showCursor = false;
  found = new Set<number>();
  path = new Set<string>();
  pairs = new Set<string>();
  /** Called after each frame that was drawn. */
  onPaint: () => void = () => undefined;

  #canvas: HTMLCanvasElement;
  #context: CanvasRenderingContext2D;
  #index: Flatbush | null = null;
  #bounds: Box | null = null;
  #theme: Theme;
  #types: string[] = [];
  #colours = new Map<string, string>();
  #lit: Lit & { of: number } = DARK;
  #onPath: Set<number> | null = null;
  #motion: (Motion & { start: number; t: number }) | null = null;
  #replay: { growth: Growth; position: number } | null = null;
  #frame = 0;
  #move = 0;

  constructor(canvas: HTMLCanvasElement, theme: Theme) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    this.#theme = theme;
  }

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    this.#colour();
    this.draw();
  }

  /** Show another view; what stays moves there, unless the person wants no motion. */
  show(view: View, faces: Face[], layout: Layout, types: string[], animate = true) {
    const before = { view: this.view, layout: this.layout };
    this.cursor = this.#followed(view);
    this.view = view;
    this.faces = faces;
    this.layout = layout;
    this.#types = types;
    this.#lit = DARK;
    this.#replay = null;
    this.showPath([]);
    this.pairs = new Set(view.arrows.map(({ source, target }) => `${source}>${target}`));
    this.hovered = -1;
    this.#colour();
    this.#bounds = null;
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
    const motion = animate && !stillness() ? motionBetween(before, { view, layout }) : null;
    this.#motion = motion && { ...motion, start: performance.now(), t: 0 };
    this.draw();
  }

  /** Where the keyboard is in another view: at its node, else at what holds a part of it. */
  #followed(view: View): number {
    const item = this.view.items[this.cursor];
    if (!item) return -1;
    return view.place.get(item.id) ?? (view.graph === this.view.graph ? view.of[item.members[0]] : -1);
  }

  /** Mark a way through the view, from node to node. */
  showPath(places: number[]) {
    this.#onPath = places.length ? new Set(places) : null;
    this.path = new Set(places.slice(1).map((place, i) => `${places[i]}>${place}`));
    this.draw();
  }

  #colour() {
    this.#colours = new Map(
      this.#types.map((type, i) => [type, this.#theme.palette[i % this.#theme.palette.length]]),
    );
  }

  colour(item: Item): string {
    return item.isRun ? this.#theme.run : (this.#colours.get(item.type) ?? this.#theme.accent);
  }

  /** Where a node is once all is still. */
  box(i: number): Box {
    return this.#boxAt(i, this.layout.x[i], this.layout.y[i]);
  }

  #boxAt(i: number, x: number, y: number): Box {
    const { width, height } = this.faces[i];
    return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  }

  at(i: number): Box {
    const [dx, dy] = this.#offset(i);
    return this.#boxAt(i, this.layout.x[i] + dx, this.layout.y[i] + dy);
  }

  /** How far a node still is from its place. */
  #offset(i: number): [number, number] {
    const motion = this.#motion;
    if (!motion) return [0, 0];
    const left = 1 - motion.t;
    return [(motion.x[i] - this.layout.x[i]) * left, (motion.y[i] - this.layout.y[i]) * left];
  }

  get down(): boolean {
    return this.layout.direction === "down";
  }

  /** Show what was there at a position of the project's growth; null for all. */
  replay(growth: Growth | null, position: number) {
    this.#replay = growth && { growth, position };
    this.draw();
  }

  arrival(i: number): number {
    const replay = this.#replay;
    return replay ? arrived(replay.growth.items[i], replay.position) : 1;
  }

  arrowArrival(n: number): number {
    const replay = this.#replay;
    return replay ? arrived(replay.growth.arrows[n], replay.position) : 1;
  }

  note(i: number): string {
    const item = this.view.items[i];
    if (!this.#replay || item.kind === "instance") return this.faces[i].note;
    const { growth, position } = this.#replay;
    const count = growth.parts(i, position);
    return count === item.members.length ? this.faces[i].note : shortened(noteOf(item, count), NOTE);
  }

  presence(i: number): number {
    return this.#motion?.fresh[i] ? this.#motion.t : 1;
  }

  bends(n: number): [number, number][] {
    const points = this.layout.bends[n] ?? [];
    if (!this.#motion || !points.length) return points;
    const { source, target } = this.view.arrows[n];
    const [a, b] = [this.#offset(source), this.#offset(target)];
    // Between its two nodes an arrow goes along with both.
    return points.map(([x, y], i) => {
      const part = (i + 1) / (points.length + 1);
      return [x + a[0] + (b[0] - a[0]) * part, y + a[1] + (b[1] - a[1]) * part];
    });
  }

  bounds(): Box {
    return (this.#bounds ??= this.#boundsNow());
  }

  #boundsNow(): Box {
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
  }

  /** The node at a point of the canvas, or -1. */
  hit(sx: number, sy: number): number {
    const [x, y] = this.camera.toGraph(sx, sy);
    const slack = 3 / this.camera.scale;
    const found = this.#index?.search(x - slack, y - slack, x + slack, y + slack) ?? [];
    return found.length ? Math.max(...found) : -1;
  }

  /** The canvas has another size: what was kept in sight or chosen stays there. */
  refit() {
    const { camera } = this;
    const kept = camera.keeps || camera.lent;
    if (kept && (this.selected < 0 || camera.fitting(this.bounds()).scale >= READABLE)) {
      camera.keeps = kept;
      this.keep(false);
    } else if (this.selected >= 0) this.keepInSight(this.selected);
  }

  /** Show again what is kept in sight, as the graph or the canvas has another size. */
  keep(animate = true) {
    if (this.camera.keeps === "all") this.fit(animate);
    else if (this.camera.keeps) this.begin(animate);
  }

  fit(animate = true) {
    this.moveTo(this.camera.fitting(this.bounds()), animate);
    this.camera.keeps = "all";
  }

  /** Show all of the graph if it can be read so, else what is chosen, what it is about, or the newest. */
  begin(animate = true) {
    const all = this.camera.fitting(this.bounds());
    const at = [this.selected, this.centre].find((place) => place >= 0) ?? this.#newest();
    this.moveTo(all.scale >= LEGIBLE || at < 0 ? all : this.camera.about(this.layout.x[at], this.layout.y[at], this.bounds(), NEAR), animate);
    this.camera.keeps = "start";
  }

  #newest(): number {
    const { nodes } = this.view.graph;
    let [found, time] = [-1, -Infinity];
    this.view.items.forEach(({ members }, i) => {
      for (const place of members) if (nodes[place].time > time) [found, time] = [i, nodes[place].time];
    });
    return found;
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
    const before = this.camera.keeps || this.camera.lent;
    this.#pan(this.box(i));
    if (!this.camera.keeps) this.camera.lent = before;
  }

  /** Pan to some nodes, and look from farther off if they need more room. */
  bringIntoSight(places: number[]) {
    const boxes = places.map((i) => this.box(i));
    const all = {
      left: Math.min(...boxes.map((box) => box.left)), right: Math.max(...boxes.map((box) => box.right)),
      top: Math.min(...boxes.map((box) => box.top)), bottom: Math.max(...boxes.map((box) => box.bottom)),
    };
    const to = this.camera.fitting(all);
    if (to.scale < this.camera.scale && to.scale < 1) this.moveTo(to);
    else this.#pan(all);
  }

  #pan(box: Box) {
    const [dx, dy] = this.camera.toBring(box);
    if (dx || dy) this.moveTo({ x: this.camera.x + dx, y: this.camera.y + dy, scale: this.camera.scale });
  }

  moveTo(to: { x: number; y: number; scale: number }, animate = true) {
    cancelAnimationFrame(this.#move);
    this.camera.keeps = this.camera.lent = "";
    const camera = this.camera;
    if (!animate || stillness()) {
      Object.assign(camera, to);
      this.draw();
      return;
    }
    const from = { x: camera.x, y: camera.y, scale: camera.scale };
    const start = performance.now();
    const step = (now: number) => {
      const t = Math.min(1, Math.max(0, now - start) / LASTS);
      const part = eased(t);
      camera.scale = from.scale * (to.scale / from.scale) ** part;
      camera.x = from.x + (to.x - from.x) * part;
      camera.y = from.y + (to.y - from.y) * part;
      this.draw();
      if (t < 1) this.#move = requestAnimationFrame(step);
    };
    this.#move = requestAnimationFrame(step);
  }

  draw() {
    if (!this.#frame) {
      this.#frame = requestAnimationFrame((now) => {
        this.#frame = 0;
        if (this.#motion) {
          const t = Math.min(1, Math.max(0, now - this.#motion.start) / LASTS);
          this.#motion.t = eased(t);
          if (t === 1) this.#motion = null;
          else this.draw();
        }
        this.paint();
      });
    }
  }

  /** In the frame that the page is at: its canvas has just been emptied. */
  paintNow(grid = true) {
    if (!this.#motion) {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
    }
    this.paint(grid);
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    cancelAnimationFrame(this.#move);
  }

  paint(grid = true) {
    const context = this.#context;
    const camera = this.camera;
    const ratio = this.#canvas.width / Math.max(1, camera.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    if (grid) dots(context, this);
    if (this.#index) {
      const k = ratio * camera.scale;
      context.setTransform(
        k, 0, 0, k,
        ratio * (camera.width / 2 - camera.x * camera.scale),
        ratio * (camera.height / 2 - camera.y * camera.scale),
      );
      arrows(context, this);
      for (const i of this.visible) node(context, this, i);
    }
    this.onPaint();
  }

  /** Nodes that may be in sight, in the order in which they are drawn. */
  get visible(): number[] {
    if (this.#motion) return [...this.view.items.keys()];
    const seen = this.camera.visible();
    return this.#index!.search(seen.left, seen.top, seen.right, seen.bottom).sort((a, b) => a - b);
  }

  get lit(): Set<number> | null {
    const centre = this.hovered >= 0 ? this.hovered : this.selected;
    if (this.#onPath && this.hovered < 0) return this.#onPath;
    if (centre < 0) return null;
    if (this.#lit.of !== centre) this.#lit = { of: centre, ...related(this.view, centre) };
    return this.#lit.items;
  }

  get bright(): Set<string> {
    return this.lit === this.#lit.items ? this.#lit.arrows : DARK.arrows;
  }
}

/** Whether the person asked for no motion. */
export function stillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
