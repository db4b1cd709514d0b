// The whole graph as it is printed: on a canvas of its own, which only paper shows.

import { Scene } from "./scene";

const MARGIN = 12;
/** Pixels of the picture for one of the graph: as fine as print wants it, and as memory allows. */
const FINE = 3;
const MOST = 4096;

/** Draw all that a scene shows, each node alike, in the scene's theme. */
export function drawWhole(scene: Scene, paper: HTMLCanvasElement, types: string[]) {
  const copy = new Scene(paper, scene.theme);
  copy.show(scene.view, scene.faces, scene.layout, types, false);
  const bounds = copy.bounds();
  const [width, height] = [bounds.right - bounds.left + 2 * MARGIN, bounds.bottom - bounds.top + 2 * MARGIN];
  const fine = Math.min(FINE, MOST / width, MOST / height);
  paper.width = Math.round(width * fine);
  paper.height = Math.round(height * fine);
  // As large as life where the page is wide enough: the stylesheet makes it smaller.
  paper.style.width = `${width}px`;
  Object.assign(copy.camera, { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2, scale: 1, width, height });
  copy.paintNow(false);
}
