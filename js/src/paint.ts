// Drawing a picture on a canvas: dots, arrows, nodes. What is drawn is in Drawing; nothing
// here is kept from one frame to the next.

import type { Box, Camera } from "./camera";
import { BADGE, HEIGHT, ICON, NOTE, PAD, TITLE, textWidth, type Face } from "./face";
import { mark, outline, play, stack } from "./shapes";
import type { Theme } from "./theme";
import type { Arrow, Item, View } from "./view";

const LABELS_FROM = 9;
const CURVES_FROM = 8;
/** Nodes less high than this, in pixels, have no outline that could be seen. */
const SPECKS_BELOW = 4;
const MOST_ARROWS = 20_000;
/** How much is seen of a node that has yet to come, in a replay. */
const TO_COME = 0.16;
/** How far each card behind a node stands out. */
const CARD = 5;

export interface Drawing {
  view: View;
  faces: Face[];
  camera: Camera;
  theme: Theme;
  /** Whether arrows go down, else to the right. */
  down: boolean;
  hovered: number;
  selected: number;
  cursor: number;
  showCursor: boolean;
  found: Set<number>;
  /** What is drawn brighter than the rest, or null for all alike. */
  lit: Set<number> | null;
  /** Arrows that are, as `source>target`. */
  bright: Set<string>;
  /** Arrows of the shown path. */
  path: Set<string>;
  /** Pairs of nodes with an arrow, as `source>target`. */
  pairs: Set<string>;
  visible: number[];
  /** The box of a node as it is at this moment of a motion. */
  at(i: number): Box;
  bends(n: number): [number, number][];
  /** From 0 to 1, while a node comes in. */
  presence(i: number): number;
  /** From 0 to 1: whether a node, or an arrow, was there at the time that is replayed. */
  arrival(i: number): number;
  arrowArrival(n: number): number;
  /** What is written below its title. */
  note(i: number): string;
  colour(item: Item): string;
}

type Context = CanvasRenderingContext2D;

export function dots(context: Context, { camera, theme }: Drawing) {
  let gap = 24 * camera.scale;
  while (gap < 16) gap *= 2;
  const [ox, oy] = camera.toScreen(0, 0);
  context.fillStyle = theme.line;
  context.globalAlpha = 0.55;
  for (let x = ((ox % gap) + gap) % gap; x < camera.width; x += gap) {
    for (let y = ((oy % gap) + gap) % gap; y < camera.height; y += gap) context.fillRect(Math.round(x), Math.round(y), 1, 1);
  }
  context.globalAlpha = 1;
}

export function arrows(context: Context, drawing: Drawing) {
  const { view, camera, lit, theme, path, down } = drawing;
  const seen = camera.visible();
  const tiny = HEIGHT * camera.scale < CURVES_FROM;
  context.lineJoin = "round";
  const { bright: lighter } = drawing;
  const isBright = ({ source, target }: Arrow) => (path.size ? path : lighter).has(`${source}>${target}`);
  // Bright ones last: over the others.
  const order = lit ? [...view.arrows.keys()].sort((a, b) => Number(isBright(view.arrows[a])) - Number(isBright(view.arrows[b]))) : view.arrows.keys();
  let drawn = 0;
  // Thousands of straight lines of one style are one path.
  let style = "";
  for (const n of order) {
    if (drawn >= MOST_ARROWS) break;
    const { source, target, count } = view.arrows[n];
    const there = drawing.arrowArrival(n);
    if (!there) continue;
    const [a, b] = [ground(drawing, source), ground(drawing, target)];
    // Along the layers an arrow stays between its nodes, across them it may bend around others.
    if (down ? beyond(a.top, a.bottom, b.top, b.bottom, seen.top, seen.bottom) : beyond(a.left, a.right, b.left, b.right, seen.left, seen.right)) continue;
    const points = drawing.bends(n);
    if (!reaches(a, b, points, seen, down)) continue;
    drawn++;
    const bright = isBright(view.arrows[n]);
    const alpha = (bright ? 1 : lit ? 0.2 : 0.65) * there * Math.min(drawing.presence(source), drawing.presence(target));
    const width = (bright ? (path.size ? 3 : 2) : 1.3) + (count > 1 ? Math.min(2, Math.log10(count)) : 0);
    const own = tiny ? `${alpha} ${width} ${bright}` : "";
    if (!tiny || own !== style) {
      if (style) context.stroke();
      style = own;
      context.globalAlpha = alpha;
      context.fillStyle = context.strokeStyle = bright ? theme.accent : theme.muted;
      // Thinner than half a pixel it could not be seen.
      context.lineWidth = tiny ? Math.max(width, 0.5 / camera.scale) : width;
      context.beginPath();
    }
    if (tiny) {
      context.moveTo((a.left + a.right) / 2, (a.top + a.bottom) / 2);
      context.lineTo((b.left + b.right) / 2, (b.top + b.bottom) / 2);
    } else if (source === target) loop(context, a, down);
    else curve(context, a, b, points, shift(drawing, source, target), down);
  }
  if (style) context.stroke();
  context.globalAlpha = 1;
}

/** The cards behind a node that show that it stands for several. */
function cards({ kind, members }: Item): number {
  return kind === "instance" || members.length < 2 ? 0 : kind === "cluster" ? 2 : 1;
}

/** The box of a node for arrows: with its cards, where these lie in their way. */
function ground(drawing: Drawing, i: number): Box {
  const box = drawing.at(i);
  const depth = drawing.down ? CARD * cards(drawing.view.items[i]) : 0;
  return depth ? { ...box, bottom: box.bottom + depth } : box;
}

function beyond(from1: number, to1: number, from2: number, to2: number, low: number, high: number): boolean {
  return Math.max(to1, to2) < low || Math.min(from1, from2) > high;
}

function reaches(a: Box, b: Box, points: [number, number][], seen: Box, down: boolean): boolean {
  let low = down ? Math.min(a.left, b.left) : Math.min(a.top, b.top);
  let high = down ? Math.max(a.right, b.right) : Math.max(a.bottom, b.bottom);
  for (const point of points) {
    const across = point[down ? 0 : 1];
    low = Math.min(low, across);
    high = Math.max(high, across);
  }
  return down ? high >= seen.left && low <= seen.right : high >= seen.top && low <= seen.bottom;
}

function curve(context: Context, a: Box, b: Box, bends: [number, number][], aside: number, down: boolean) {
  const forward = down ? b.top > a.top : b.left > a.left;
  const sense = forward ? 1 : -1;
  const [start, end] = down ? downEnds(a, b, forward, aside) : rightEnds(a, b, forward, aside);
  const through = [start, ...bends, end];
  context.moveTo(...start);
  for (let i = 0; i + 1 < through.length; i++) {
    const [x1, y1] = through[i];
    const [x2, y2] = through[i + 1];
    const along = Math.abs(down ? y2 - y1 : x2 - x1);
    const pull = Math.min(Math.max(14, along * 0.45), Math.max(14, along)) * sense;
    if (down ? x1 === x2 : y1 === y2) context.lineTo(x2, y2);
    else if (down) context.bezierCurveTo(x1, y1 + pull, x2, y2 - pull, x2, y2);
    else context.bezierCurveTo(x1 + pull, y1, x2 - pull, y2, x2, y2);
  }
  context.stroke();
  const tip = 7 * sense;
  head(context, end[0] + (down ? 0 : tip), end[1] + (down ? tip : 0), sense, down);
}

type Point = [number, number];

function rightEnds(a: Box, b: Box, forward: boolean, aside: number): [Point, Point] {
  const [from, to] = [(a.top + a.bottom) / 2 + aside, (b.top + b.bottom) / 2 + aside];
  return forward ? [[a.right, from], [b.left - 7, to]] : [[a.left, from], [b.right + 7, to]];
}

function downEnds(a: Box, b: Box, forward: boolean, aside: number): [Point, Point] {
  const [from, to] = [(a.left + a.right) / 2 + aside, (b.left + b.right) / 2 + aside];
  return forward ? [[from, a.bottom], [to, b.top - 7]] : [[from, a.top], [to, b.bottom + 7]];
}

/** Two arrows that go both ways between two nodes run side by side. */
function shift({ pairs }: Drawing, source: number, target: number): number {
  return pairs.has(`${target}>${source}`) ? (source < target ? -7 : 7) : 0;
}

/** Where no other arrow comes in or goes out. */
function loop(context: Context, box: Box, down: boolean) {
  if (down) {
    const y = (box.top + box.bottom) / 2;
    context.moveTo(box.right, y + 10);
    context.bezierCurveTo(box.right + 30, y + 22, box.right + 30, y - 22, box.right + 4, y - 10);
    context.stroke();
    context.beginPath();
    context.moveTo(box.right, y - 9);
    context.lineTo(box.right + 8, y - 15);
    context.lineTo(box.right + 8, y - 5);
    context.fill();
    return;
  }
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

function head(context: Context, x: number, y: number, sense: number, down: boolean) {
  const back = 8 * sense;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(down ? x - 4.5 : x - back, down ? y - back : y - 4.5);
  context.lineTo(down ? x + 4.5 : x - back, down ? y - back : y + 4.5);
  context.fill();
}

export function node(context: Context, drawing: Drawing, i: number) {
  const { theme, lit } = drawing;
  const item = drawing.view.items[i];
  const face = drawing.faces[i];
  const box = drawing.at(i);
  const colour = drawing.colour(item);
  const seen = HEIGHT * drawing.camera.scale;
  const there = drawing.arrival(i);
  const alpha = (lit && !lit.has(i) ? 0.32 : 1) * drawing.presence(i) * (TO_COME + (1 - TO_COME) * there);
  const bad = item.state === "failed" || item.state === "crashed" || item.state === "damaged";
  context.globalAlpha = alpha;
  if (seen < SPECKS_BELOW && i !== drawing.selected && i !== drawing.hovered) {
    context.fillStyle = bad ? theme.warn : colour;
    context.fillRect(box.left, box.top, face.width, face.height);
    rims(context, drawing, i, box);
    context.globalAlpha = 1;
    return;
  }
  // On a side by which arrows do not come in.
  const rise = drawing.down ? CARD : -CARD;
  for (let back = cards(item); back > 0; back--) {
    outline(context, item.isRun, box.left + CARD * back, box.top + rise * back, face.width, face.height);
    context.fillStyle = theme.surface;
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.fill();
    context.stroke();
  }
  outline(context, item.isRun, box.left, box.top, face.width, face.height);
  const chosen = i === drawing.selected;
  context.fillStyle = theme.surface;
  if (seen >= LABELS_FROM && there === 1) {
    context.shadowColor = theme.dark ? "rgba(0,0,0,.5)" : "rgba(20,30,50,.16)";
    context.shadowBlur = (chosen || i === drawing.hovered ? 14 : 6) * drawing.camera.scale;
    context.shadowOffsetY = 1.5 * drawing.camera.scale;
  }
  context.fill();
  context.shadowColor = "transparent";
  context.fillStyle = colour;
  context.globalAlpha = alpha * (chosen ? 0.22 : theme.dark ? 0.12 : 0.07);
  context.fill();
  context.globalAlpha = alpha;
  context.strokeStyle = bad ? theme.warn : chosen ? theme.accent : colour;
  context.lineWidth = chosen || i === drawing.hovered ? 2.4 : 1.5;
  if (item.state === "deleted") context.setLineDash([4, 3]);
  context.stroke();
  context.setLineDash([]);
  rims(context, drawing, i, box);
  if (seen >= LABELS_FROM) content(context, drawing, i, box, colour);
  context.globalAlpha = 1;
}

/** Around the node that the keyboard is at, and those that the search found. */
function rims(context: Context, drawing: Drawing, i: number, box: Box) {
  const found = drawing.found.has(i);
  if (!found && !(drawing.showCursor && i === drawing.cursor)) return;
  const { width, height } = drawing.faces[i];
  outline(context, drawing.view.items[i].isRun, box.left - 4, box.top - 4, width + 8, height + 8);
  context.strokeStyle = drawing.theme.accent;
  context.lineWidth = 2;
  context.setLineDash(found ? [5, 3] : []);
  context.stroke();
  context.setLineDash([]);
}

function content(context: Context, drawing: Drawing, i: number, box: Box, colour: string) {
  const { theme } = drawing;
  const item = drawing.view.items[i];
  const face = drawing.faces[i];
  const note = drawing.note(i);
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
  context.fillText(note, left + ICON + 8, middle + 9);
  let x = left + ICON + 8 + textWidth(note, NOTE) + 8;
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
  mark(context, item.state, box.right - 8, box.top + 4, theme);
}
