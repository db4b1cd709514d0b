// What a hand does in the graph: pointer, wheel, fingers and keys.

import { Fragment } from "preact";
import { t, word, type Text } from "./texts";

/** The key that goes with the wheel, as its keyboard has it. */
export const COMMAND = /Mac|iP(hone|ad|od)/.test(globalThis.navigator?.platform ?? "") ? "\u2318" : "Ctrl";

// The keys' own names are the same in every language.
const GESTURES: [how: string, what: Text][] = [
  ["Click", "opens a node; on empty space, closes it"],
  ["Double click", "explodes or folds a node; on empty space, shows all"],
  ["Shift + click", "shows the path from the chosen node"],
  ["Drag", "moves the graph; on the map, goes there"],
  ["{0} + wheel, two fingers", "zooms; after a click, the wheel alone does"],
  ["Arrow keys", "follow the arrows"],
  ["Enter, Space", "opens"],
  ["+ \u2212", "zooms"],
  ["0, F", "shows all"],
  ["E", "explodes or folds"],
  ["O", "shows only what is around"],
  ["P", "shows the path from the chosen node"],
  ["D", "turns the graph"],
  ["T", "replays how it grew"],
  ["Backspace", "goes back to the larger part"],
  ["Escape", "leaves path, node and part in turn"],
];

export function Gestures() {
  return (
    <dl data-testid="artnb-gestures">
      {GESTURES.map(([how, what]) => (
        <Fragment key={how}>
          <dt>{word(how).replace("{0}", COMMAND)}</dt>
          <dd>{t(what)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
