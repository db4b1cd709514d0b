// What is written in a node, and how large that makes it.

import type { Size } from "./layout";
import type { Item } from "./view";

export const FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif';
export const TITLE = `600 13px ${FONT}`;
export const NOTE = `11px ${FONT}`;
export const BADGE = `600 10px ${FONT}`;
export const HEIGHT = 46;
export const PAD = 16;
export const ICON = 16;
const WIDEST_TEXT = 210;

/** One for each font: to change a context's font takes longer than to measure a word. */
const measuring = new Map<string, CanvasRenderingContext2D | null>();

export function textWidth(text: string, font: string): number {
  let context = measuring.get(font);
  if (context === undefined) {
    context = document.createElement("canvas").getContext("2d");
    if (context) context.font = font;
    measuring.set(font, context);
  }
  return context ? context.measureText(text).width : text.length * 7;
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
