// The whole graph, small, with a frame around what is in sight; shown while some of it is not.

import type { Scene } from "./scene";

const WIDTH = 150;
const HEIGHT = 96;
const MARGIN = 5;
/** On a canvas narrower than this it is small, in a corner above, lest it hide what it is to show. */
const NARROW = 480;
const SMALL = 0.6;
/** A canvas that is lower, too, has no room for it. */
const LOW = 280;
/** Nor has one that is less than this either way. */
const [LEAST_WIDTH, LEAST_HEIGHT] = [320, 200];

export class Minimap {
  #canvas: HTMLCanvasElement;
  #scene: Scene;
  #picture: HTMLCanvasElement | null = null;
  #of: unknown[] = [];

  constructor(canvas: HTMLCanvasElement, scene: Scene, signal: AbortSignal) {
    this.#canvas = canvas;
    this.#scene = scene;
    const go = (event: PointerEvent) => {
      if (!event.buttons) return;
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      const { left, top, scale } = this.#place();
      const size = WIDTH / box.width;
      const to = { x: ((event.clientX - box.left) * size - left) / scale, y: ((event.clientY - box.top) * size - top) / scale };
      scene.moveTo({ ...to, scale: scene.camera.scale }, false);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      go(event);
    }, { signal });
    canvas.addEventListener("pointermove", go, { signal });
  }

  draw() {
    const { camera, view } = this.#scene;
    const [seen, all] = [camera.visible(), this.#scene.bounds()];
    const inside = all.left >= seen.left - 1 && all.right <= seen.right + 1 && all.top >= seen.top - 1 && all.bottom <= seen.bottom + 1;
    const hidden = inside || !view.items.length || (camera.width < NARROW && camera.height < LOW) || camera.width < LEAST_WIDTH || camera.height < LEAST_HEIGHT;
    if (this.#canvas.hidden !== hidden) this.#canvas.hidden = hidden;
    if (hidden) return;
    const size = camera.width < NARROW ? SMALL : 1;
    this.#canvas.style.width = `${WIDTH * size}px`;
    this.#canvas.style.height = `${HEIGHT * size}px`;
    const ratio = Math.min(3, devicePixelRatio || 1);
    if (this.#canvas.width !== WIDTH * ratio) {
      this.#canvas.width = WIDTH * ratio;
      this.#canvas.height = HEIGHT * ratio;
    }
    const context = this.#canvas.getContext("2d")!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.drawImage(this.#nodes(ratio), 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { left, top, scale } = this.#place();
    context.strokeStyle = this.#scene.theme.accent;
    context.lineWidth = 1.5;
    const [x1, y1] = [Math.max(1, seen.left * scale + left), Math.max(1, seen.top * scale + top)];
    const [x2, y2] = [Math.min(WIDTH - 1, seen.right * scale + left), Math.min(HEIGHT - 1, seen.bottom * scale + top)];
    context.strokeRect(x1, y1, Math.max(3, x2 - x1), Math.max(3, y2 - y1));
  }

  /** From the graph to the minimap: (x, y) goes to (x * scale + left, y * scale + top). */
  #place() {
    const all = this.#scene.bounds();
    const [width, height] = [Math.max(1, all.right - all.left), Math.max(1, all.bottom - all.top)];
    const scale = Math.min((WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height);
    return { scale, left: (WIDTH - width * scale) / 2 - all.left * scale, top: (HEIGHT - height * scale) / 2 - all.top * scale };
  }

  /** The nodes, drawn once for each layout and theme. */
  #nodes(ratio: number): HTMLCanvasElement {
    const { view, layout, theme } = this.#scene;
    const of = [view, layout, theme, ratio];
    if (this.#picture && of.every((each, i) => each === this.#of[i])) return this.#picture;
    const picture = document.createElement("canvas");
    picture.width = WIDTH * ratio;
    picture.height = HEIGHT * ratio;
    const context = picture.getContext("2d")!;
    const { left, top, scale } = this.#place();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    view.items.forEach((item, i) => {
      const box = this.#scene.box(i);
      context.fillStyle = this.#scene.colour(item);
      context.fillRect(
        box.left * scale + left, box.top * scale + top,
        Math.max(1.5, (box.right - box.left) * scale), Math.max(1.5, (box.bottom - box.top) * scale),
      );
    });
    [this.#picture, this.#of] = [picture, of];
    return picture;
  }
}
