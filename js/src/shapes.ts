// Outlines and signs of nodes, as paths on a canvas.

import type { Theme } from "./theme";

/** Artifacts are pills, runs have cut corners: told apart without colour. */
export function outline(context: CanvasRenderingContext2D, isRun: boolean, x: number, y: number, w: number, h: number) {
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

export function play(context: CanvasRenderingContext2D, x: number, y: number) {
  context.beginPath();
  context.moveTo(x - 5, y - 7);
  context.lineTo(x + 7, y);
  context.lineTo(x - 5, y + 7);
  context.closePath();
  context.lineJoin = "round";
  context.fill();
  context.stroke();
}

export function stack(context: CanvasRenderingContext2D, x: number, y: number) {
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

/** A state as a shape with a sign of its own, so that no colour is needed to read it. */
export function mark(context: CanvasRenderingContext2D, state: string, x: number, y: number, theme: Theme) {
  const draw = MARKS[state];
  if (!draw) return;
  context.save();
  context.lineWidth = 1.8;
  context.lineCap = "round";
  context.fillStyle = context.strokeStyle = state === "running" ? theme.good : state === "stale" ? theme.caution : theme.warn;
  draw(context, x, y, theme.ground);
  context.restore();
}

const MARKS: Record<string, (context: CanvasRenderingContext2D, x: number, y: number, ground: string) => void> = {
  running(context, x, y, ground) {
    disc(context, x, y, ground);
    context.beginPath();
    context.arc(x, y, 5.5, -Math.PI / 2, Math.PI);
    context.stroke();
  },
  failed(context, x, y, ground) {
    disc(context, x, y);
    lines(context, ground, [x - 2.6, y - 2.6, x + 2.6, y + 2.6], [x + 2.6, y - 2.6, x - 2.6, y + 2.6]);
  },
  crashed(context, x, y, ground) {
    disc(context, x, y);
    lines(context, ground, [x + 1.5, y - 4, x - 2, y + 0.4], [x - 2, y + 0.4, x + 2, y - 0.4], [x + 2, y - 0.4, x - 1.5, y + 4]);
  },
  damaged(context, x, y, ground) {
    context.beginPath();
    context.moveTo(x, y - 7.5);
    context.lineTo(x + 8, y + 6);
    context.lineTo(x - 8, y + 6);
    context.closePath();
    context.lineJoin = "round";
    context.fill();
    context.stroke();
    lines(context, ground, [x, y - 3, x, y + 1.2], [x, y + 4, x, y + 4]);
  },
  deleted(context, x, y, ground) {
    disc(context, x, y, ground);
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.stroke();
    lines(context, context.strokeStyle as string, [x - 3, y, x + 3, y]);
  },
  stale(context, x, y, ground) {
    disc(context, x, y, ground);
    context.beginPath();
    context.arc(x, y, 6, 0, 2 * Math.PI);
    context.stroke();
    lines(context, context.strokeStyle as string, [x, y - 3.4, x, y], [x, y, x + 2.6, y + 1.4]);
  },
};

function disc(context: CanvasRenderingContext2D, x: number, y: number, colour?: string) {
  const own = context.fillStyle;
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  if (colour) context.fillStyle = colour;
  context.fill();
  context.fillStyle = own;
}

function lines(context: CanvasRenderingContext2D, colour: string, ...each: [number, number, number, number][]) {
  context.beginPath();
  for (const [x1, y1, x2, y2] of each) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.strokeStyle = colour;
  context.stroke();
}
