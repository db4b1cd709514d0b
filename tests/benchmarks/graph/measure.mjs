// One measure in this fresh process, cold: `measure.mjs WHAT FILE`, FILE as Python encoded the
// graph. Prints milliseconds as JSON.
import { readFileSync } from "node:fs";
import dagre from "@dagrejs/dagre";
import ELK from "elkjs/lib/elk.bundled.js";
import { faceOf } from "../../../js/src/face";
import { layout } from "../../../js/src/layout";
import { viewOf } from "../../../js/src/levels";
import { decodeGraph } from "../../../js/src/protocol";
import { haysOf, search } from "../../../js/src/search";
import { State } from "../../../js/src/state";

// No canvas here: texts are as wide as their letters are many.
globalThis.document = { createElement: () => ({ getContext: () => null }) };

const [what, file] = process.argv.slice(2);
const graph = decodeGraph(readFileSync(file));
const SIZE = { width: 160, height: 46 };

const MEASURES = {
  "layout artnb"() {
    const { items, arrows } = viewOf(graph, "instances");
    const sizes = items.map(() => SIZE);
    return timed(() => layout({ sizes, arrows }));
  },
  "layout dagre"() {
    const made = new dagre.graphlib.Graph().setGraph({ rankdir: "LR" }).setDefaultEdgeLabel(() => ({}));
    graph.nodes.forEach((_, i) => made.setNode(`${i}`, { ...SIZE }));
    graph.sources.forEach((source, n) => made.setEdge(`${source}`, `${graph.targets[n]}`));
    return timed(() => dagre.layout(made));
  },
  async "layout elkjs"() {
    const made = {
      id: "all",
      layoutOptions: { "elk.algorithm": "layered", "elk.direction": "RIGHT" },
      children: graph.nodes.map((_, i) => ({ id: `${i}`, ...SIZE })),
      edges: [...graph.sources].map((source, n) => ({ id: `e${n}`, sources: [`${source}`], targets: [`${graph.targets[n]}`] })),
    };
    const elk = new ELK();
    const start = performance.now();
    await elk.layout(made);
    return performance.now() - start;
  },
  /** Made when the search box is focused. */
  index: () => timed(() => haysOf(graph)),
  search() {
    haysOf(graph);
    const times = ["s", "sp", "spr", "quiet 1", "model-0", "train 77", "best model", "no such thing"].map((text) => timed(() => search(graph, text)));
    return times.toSorted((a, b) => a - b)[times.length >> 1];
  },
  around() {
    const state = new State(graph, "types", {});
    state.view.value; // the page shows the types
    const focused = graph.nodes[graph.nodes.length >> 2].id;
    return timed(() => {
      state.begin({ level: "instances", direction: "right", focused, depth: 2, types: [] });
      const { items, arrows } = state.view.value;
      layout({ sizes: items.map(faceOf), arrows });
    });
  },
};

function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

console.log(JSON.stringify({ ms: await MEASURES[what]() }));
