// For browser tests: where each mounted graph's nodes are on the page.
//
//   globalThis.__artnb.views            every mounted graph, oldest first
//   view.nodes()                        [{id, title, x, y}], centres in page coordinates
//   view.node("v:3")                    one of them, or undefined
//   view.drawn("v:3")                   the centre at this moment of a motion, in the graph
//   view.level, view.selected           what is shown, what is chosen
//   view.there                          ids of the nodes that are there in a replay
//   view.found                          ids of the nodes that the search marks
//   view.canvas                         the element that they are drawn on
//
// Controls bear data-testid: artnb, artnb-canvas, artnb-level-types, artnb-level-names,
// artnb-level-instances, artnb-direction, artnb-search, artnb-result, artnb-fit, artnb-zoom-in, artnb-zoom-out, artnb-table-switch,
// artnb-table, artnb-panel, artnb-panel-title, artnb-panel-close, artnb-tab-NAME (overview,
// metadata, files, versions, config, summary, charts, images, tables, code, output, members), artnb-rows,
// artnb-trail, artnb-crumb, artnb-depth, artnb-depth-less, artnb-depth-more, artnb-reset,
// artnb-explode, artnb-fold, artnb-around, artnb-way, artnb-way-begin, artnb-way-end,
// artnb-filter, artnb-filter-menu, artnb-filter-text, artnb-filter-FACET, artnb-filter-clear,
// artnb-filter-since, artnb-filter-until, artnb-filter-last-hour (-day, -week),
// artnb-alias-add, artnb-alias-take, artnb-metadata-find, artnb-metadata-compare, artnb-differs,
// artnb-replay, artnb-timeline, artnb-play, artnb-time, artnb-moment, artnb-replay-end,
// artnb-chip, artnb-minimap, artnb-stale, artnb-arranging, artnb-keys, artnb-gestures, artnb-hint, artnb-again,
// artnb-link (a node that can be gone to), artnb-chart, artnb-image, artnb-busy.

import type { Scene } from "./scene";
import type { State } from "./state";

export interface TestView {
  nodes(): { id: string; title: string; x: number; y: number }[];
  node(id: string): { id: string; title: string; x: number; y: number } | undefined;
  drawn(id: string): [number, number];
  readonly level: string;
  readonly selected: string;
  readonly there: string[];
  readonly found: string[];
  readonly canvas: HTMLCanvasElement;
}

declare global {
  // eslint-disable-next-line no-var
  var __artnb: { views: TestView[] } | undefined;
}

export function exposeForTests(canvas: HTMLCanvasElement, scene: Scene, state: State, signal: AbortSignal) {
  const nodes = () => {
    const box = canvas.getBoundingClientRect();
    return scene.view.items.map((item, i) => {
      const [x, y] = scene.camera.toScreen(scene.layout.x[i], scene.layout.y[i]);
      return { id: item.id, title: item.title, x: box.left + x, y: box.top + y };
    });
  };
  const view: TestView = {
    nodes,
    node: (id) => nodes().find((node) => node.id === id),
    drawn: (id) => {
      const box = scene.at(scene.view.place.get(id)!);
      return [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    },
    get level() {
      return state.level.value;
    },
    get selected() {
      return state.selected.value;
    },
    get there() {
      return scene.view.items.filter((_, i) => scene.arrival(i) === 1).map(({ id }) => id);
    },
    get found() {
      return [...scene.found].map((place) => scene.view.items[place].id);
    },
    canvas,
  };
  // One list for the page, though JupyterLab loads this module once for each model.
  globalThis.__artnb ??= { views: [] };
  const { views } = globalThis.__artnb;
  views.push(view);
  signal.addEventListener("abort", () => {
    const place = views.indexOf(view);
    if (place >= 0) views.splice(place, 1);
  });
}
