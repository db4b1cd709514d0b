// Which way a person lets arrows go: kept in the browser, for graphs that do not say it.

import { DIRECTIONS, type Direction } from "./layout";

const KEY = "artnb.direction";

/** A window that is narrower is a phone's, in which a graph to the right could not be read. */
const NARROW = 600;

export function remembered(): Direction {
  const usual = globalThis.innerWidth < NARROW ? "down" : "right";
  try {
    const kept = localStorage.getItem(KEY);
    return DIRECTIONS.find((each) => each === kept) ?? usual;
  } catch {
    return usual; // no window, or a host that forbids it
  }
}

export function remember(direction: Direction) {
  try {
    localStorage.setItem(KEY, direction);
  } catch {
    // This graph keeps it all the same.
  }
}
