/// <reference types="node" />
// What Python sends while a project changes; written by tests/widgets/test_delta.py.

import { readFileSync } from "node:fs";
import { decodeGraph } from "../src/protocol";

interface Message {
  what: string;
  /** The whole graph, where it was sent anew. */
  graph?: DataView;
  news: DataView;
  /** What there is then. */
  all: ReturnType<typeof plain>;
}

/** What a graph says, whatever it is made of. */
export function plain(bytes: DataView | ReturnType<typeof decodeGraph>) {
  const { project, nodes, sources, targets } = bytes instanceof DataView ? decodeGraph(bytes) : bytes;
  return { project, nodes, sources: [...sources], targets: [...targets] };
}

const bytesOf = (text: string) => new DataView(new Uint8Array(Buffer.from(text, "base64")).buffer);

const written: Record<string, string>[] = JSON.parse(readFileSync(new URL("deltas.json", import.meta.url), "utf8"));

export const MESSAGES: Message[] = written.map(({ what, graph, news, all }) => ({
  what, news: bytesOf(news), all: plain(bytesOf(all)), ...(graph ? { graph: bytesOf(graph) } : {}),
}));
