// A graph of what Python told last: whole, and what changed since. Python's side: artnb/widgets/delta.py.

import { decodeGraph, nodesOf, unpack, type Graph, type Packed } from "./protocol";

type Bytes = DataView | Uint8Array;

/** The graph that a model's `graph` and `news` tell of, or an answer where those were lost. */
export class Told {
  #model: { get(name: string): any };
  #bytes?: Bytes;
  /** News of an answer, and those that the model had when it was asked for. */
  #answer?: { news?: Bytes; before?: Bytes };
  /** The newest whole graph that came; an empty one before the first. */
  whole: Graph = { project: "", revision: -1, nodes: [], sources: new Uint32Array(), targets: new Uint32Array() };

  constructor(model: { get(name: string): any }) {
    this.#model = model;
  }

  /** The graph as it is now; null where the news are of a whole graph that did not come. */
  now(): Graph | null {
    const bytes = this.#model.get("graph");
    if (bytes !== this.#bytes) this.#take((this.#bytes = bytes));
    const news = this.#model.get("news");
    if (this.whole.revision < 0) return null;
    return follow(this.whole, this.#answer && this.#answer.before === news ? this.#answer.news : news);
  }

  /** Ask for all that Python told; whatever came over the model meanwhile is newer. */
  async ask(ask: () => Promise<Uint8Array[]>): Promise<void> {
    const before = this.#model.get("news");
    const [whole, news] = await ask();
    this.#take(whole);
    this.#answer = { news, before };
  }

  #take(bytes?: Bytes) {
    if (!bytes?.byteLength) return;
    const graph = decodeGraph(bytes);
    if (graph.revision > this.whole.revision) this.whole = graph;
  }
}

/** The graph that news make of a whole one: itself where they are of an older one, null of a newer. */
export function follow(whole: Graph, news: Bytes | undefined): Graph | null {
  if (!news?.byteLength) return whole;
  const packed = unpack(news);
  const { base } = packed.header;
  return base === whole.revision ? changed(whole, packed) : base < whole.revision ? whole : null;
}

function changed(whole: Graph, packed: Packed): Graph {
  const { column } = packed;
  const nodes = merged(whole.nodes, column("gone"), column("at"), nodesOf(packed));
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  const moved = whole.nodes.map(({ id }) => places.get(id) ?? -1);
  const ends = (before: Uint32Array, name: string) =>
    Uint32Array.from(merged(Array.from(before, (place) => moved[place]), column("lost"), column("drawn"), column(name)));
  return { ...whole, nodes, sources: ends(whole.sources, "source"), targets: ends(whole.targets, "target") };
}

/** A list without what went, and with what came at the places that it has now. */
function merged<T>(before: T[], gone: Iterable<number>, at: ArrayLike<number>, came: ArrayLike<T>): T[] {
  const left = new Set(gone);
  const stayed = before.filter((_, place) => !left.has(place));
  let [next, kept] = [0, 0];
  return Array.from({ length: stayed.length + at.length }, (_, place) => (at[next] === place ? came[next++] : stayed[kept++]));
}
