// Which way a person lets arrows go: kept in the browser, for graphs that do not say it.

import { DIRECTIONS, type Direction } from "./layout";

const KEY = "artnb.direction";

export function remembered(): Direction {
  try {
    const kept = localStorage.getItem(KEY);
    return DIRECTIONS.find((each) => each === kept) ?? "right";
  } catch {
    return "right"; // no window, or a host that forbids it
  }
}

export function remember(direction: Direction) {
  try {
    localStorage.setItem(KEY, direction);
  } catch {
    // This graph keeps it all the same.
  }
}
