// In Chromium: a graph from the call that renders it to its first paint, and the frames while it
// is panned. artnb lays it out, too; the others are given the places.
import { ReactFlow } from "@xyflow/react";
import reactFlowStyles from "@xyflow/react/dist/style.css";
import cytoscape from "cytoscape";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { layout } from "../../../js/src/layout";
import { viewOf } from "../../../js/src/levels";
import { decodeGraph } from "../../../js/src/protocol";
import { fromBase64 } from "../../../js/src/rpc";
import { mountPage } from "../../../js/src/widget";

const SIZE = { width: 160, height: 46 };
const LONGEST = 15_000;
const frame = () => new Promise(requestAnimationFrame);
/** After the frame that shows what was changed. */
const painted = async () => (await frame(), new Promise((done) => setTimeout(done)));
const until = async (true_) => {
  while (!true_()) await frame();
  await painted();
};
/** Moves the picture by some pixels. */
let move;

const RENDER = {
  async artnb(text, level) {
    const look = { level, direction: "right", focused: "", depth: 0, types: [] };
    const start = performance.now();
    mountPage(document.getElementById("graph"), { graph: text, look, details: {}, blobs: {}, blobsLeftOut: 0 });
    await until(() => globalThis.__artnb?.views[0]?.nodes().length);
    const took = performance.now() - start;
    const [{ canvas }] = globalThis.__artnb.views;
    canvas.setPointerCapture = () => undefined; // there is no such pointer
    const send = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind, { clientX: x, clientY: 2, button: 0, pointerId: 1 }));
    let at = 600;
    send("pointerdown", at);
    move = (by) => send("pointermove", (at += by));
    return took;
  },

  async "React Flow"(text) {
    const { graph, places, viewport } = given(text);
    document.head.append(Object.assign(document.createElement("style"), { textContent: reactFlowStyles }));
    const nodes = graph.nodes.map((node, i) => ({ id: `${i}`, position: places[i], data: { label: node.name }, ...SIZE, style: SIZE }));
    const edges = [...graph.sources].map((source, n) => ({ id: `e${n}`, source: `${source}`, target: `${graph.targets[n]}` }));
    let flow;
    const props = { nodes, edges, defaultViewport: viewport, minZoom: 0.02, onInit: (made) => (flow = made) };
    const holder = document.getElementById("graph");
    const count = (name) => holder.getElementsByClassName(name).length;
    const start = performance.now();
    createRoot(holder).render(createElement(ReactFlow, props));
    await until(() => flow && count("react-flow__node") >= nodes.length && count("react-flow__edge") > 0);
    const took = performance.now() - start;
    move = (by) => flow.setViewport({ ...viewport, x: (viewport.x += by) });
    return took;
  },

  async cytoscape(text) {
    const { graph, places, viewport } = given(text);
    const elements = [
      ...graph.nodes.map((node, i) => ({ data: { id: `${i}`, label: node.name }, position: { ...places[i] } })),
      ...[...graph.sources].map((source, n) => ({ data: { source: `${source}`, target: `${graph.targets[n]}` } })),
    ];
    const style = [
      { selector: "node", style: { ...SIZE, label: "data(label)", shape: "round-rectangle", "text-valign": "center" } },
      { selector: "edge", style: { "curve-style": "bezier", "target-arrow-shape": "triangle", width: 1 } },
    ];
    let drawn = false;
    const { x, y, zoom } = viewport;
    const start = performance.now();
    const made = cytoscape({ container: document.getElementById("graph"), elements, style, layout: { name: "preset" }, zoom, pan: { x, y }, minZoom: 0.02 });
    made.on("render", () => (drawn = true));
    await until(() => drawn);
    const took = performance.now() - start;
    move = (by) => made.panBy({ x: by, y: 0 });
    return took;
  },
};

/** The graph with its places, and a viewport with all of it, as artnb fits it. */
function given(text) {
  const graph = decodeGraph(fromBase64(text));
  const { items, arrows } = viewOf(graph, "instances");
  const { x, y, width, height } = layout({ sizes: items.map(() => SIZE), arrows });
  const zoom = Math.min(1.15, Math.max(0.02, Math.min((innerWidth - 72) / width, (innerHeight - 72) / height)));
  const viewport = { zoom, x: innerWidth / 2 - (width / 2) * zoom, y: innerHeight / 2 - (height / 2) * zoom };
  return { graph, places: items.map((_, i) => ({ x: x[i], y: y[i] })), viewport };
}

/**
 * Milliseconds from frame to frame while the picture is moved, to and fro. The mean, as some
 * draw in some of the frames only.
 */
async function pan(count) {
  await painted();
  const begin = performance.now();
  let done = 0;
  while (done < count && performance.now() - begin < LONGEST) {
    move(done++ % 20 < 10 ? 8 : -8);
    await frame();
  }
  await painted();
  return (performance.now() - begin) / done;
}

globalThis.bench = async (library, text, level, frames) => {
  const paint = await RENDER[library](text, level);
  return { paint, pan: frames ? await pan(frames) : null };
};
