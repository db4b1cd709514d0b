// What several tests make: graphs, details, and stand-ins for a model and a backend.

import { vi } from "vitest";
import type { Details, Graph, Instance, RunDetails, VersionDetails } from "../src/protocol";
import type { Backend, Channel } from "../src/rpc";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function version(key: number, name: string, changes: Partial<Instance> = {}): Instance {
  return { id: `v:${key}`, isRun: false, type: "dataset", name, number: 0, state: "live", time: key, aliases: [], tags: [], left: false, ...changes };
}

export function run(key: string, name: string, changes: Partial<Instance> = {}): Instance {
  return { id: `r:${key}`, isRun: true, type: "train", name, number: 1, state: "finished", time: 100, aliases: [], tags: [], left: false, ...changes };
}

/** Edges as pairs of ids, in the direction of the data. */
export function graph(nodes: Instance[], edges: [string, string][] = []): Graph {
  const place = (id: string) => {
    const found = nodes.findIndex((node) => node.id === id);
    if (found < 0) throw new Error(`the graph has no node ${id}`);
    return found;
  };
  return {
    project: "mnist",
    revision: 0,
    nodes,
    sources: Uint32Array.from(edges, ([from]) => place(from)),
    targets: Uint32Array.from(edges, ([, to]) => place(to)),
  };
}

/** Raw data, a run that cleans it, the clean data, a run that trains on it, the model. */
export function pipeline(): Graph {
  return graph(
    [
      version(1, "raw", { aliases: ["latest"], time: 10 }),
      version(2, "clean", { time: 30 }),
      version(3, "net", { type: "model", time: 50, aliases: ["latest", "best"] }),
      run("a", "brisk-reed-1", { type: "clean", time: 20 }),
      run("b", "calm-lake-2", { time: 40, state: "failed" }),
    ],
    [["v:1", "r:a"], ["r:a", "v:2"], ["v:2", "r:b"], ["r:b", "v:3"]],
  );
}

export function versionDetails(changes: Partial<VersionDetails> = {}): VersionDetails {
  return {
    kind: "version", node: "v:1", ref: "raw:v0", name: "raw", version: "v0", project: "mnist", type: "dataset",
    state: "live", problem: null, aliases: [], tags: [], description: null, source: null, metadata: {}, digest: "d".repeat(64),
    size: 1200, entries: 1, created: 10, files: [], filesMore: 0, versions: [], producers: [], consumers: [],
    usage: 'run.use_artifact("raw:v0").download()', code: [{ title: "As the input of a run", text: "run.use_artifact('raw:v0').download()" }], ...changes,
  };
}

export function runDetails(changes: Partial<RunDetails> = {}): RunDetails {
  return {
    kind: "run", node: "r:a", id: "a", name: "brisk-reed-1", project: "mnist", jobType: "clean", group: null, tags: [],
    notes: null, state: "finished", problem: null, created: 20, finished: 25, config: {}, summary: {}, inputs: [],
    outputs: [], charts: [], images: [], tables: [], code: null, shown: {}, notebook: null, cellId: null, cellLines: null, modules: [], touched: null, gitCommit: null, environment: {},
    ...changes,
  };
}

const unasked = async (): Promise<never> => {
  throw new Error("The test does not answer that.");
};

/** A backend that answers with what it was given, and an error for the rest. */
export function answering(...known: Details[]) {
  const backend = {
    describe: vi.fn(async (node: string): Promise<Details> => {
      const found = known.find((each) => each.node === node);
      if (!found) throw new Error(`There is no node ${node}.`);
      return found;
    }),
    blob: vi.fn(async (_digest: string) => Uint8Array.of(1, 2, 3)),
    preview: unasked,
    compare: unasked,
    compareFile: unasked,
  };
  return backend satisfies Backend;
}

/** A promise that the test settles. */
export function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ((resolve = yes), (reject = no)));
  return { promise, resolve, reject };
}

/** A widget model: traits, events, and what the page sent. */
export class FakeModel implements Channel {
  sent: any[] = [];
  comm_live?: boolean;
  comm?: Channel["comm"];
  listeners = new Map<string, Set<(...args: any[]) => void>>();

  constructor(public traits: Record<string, unknown> = {}) {}

  get(name: string): any {
    return this.traits[name];
  }

  set(name: string, value: unknown) {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }

  send(content: unknown) {
    this.sent.push(content);
  }

  on(event: string, callback: (...args: any[]) => void) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)!.add(callback);
  }

  off(event: string, callback: (...args: any[]) => void) {
    this.listeners.get(event)?.delete(callback);
  }

  emit(event: string, ...args: unknown[]) {
    for (const each of [...(this.listeners.get(event) ?? [])]) each(...args);
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((sum, each) => sum + each.size, 0);
  }
}

/** Eight names of one type that all feed one run, and one that feeds another. */
export function siblings(count = 8): Graph {
  const raw = Array.from({ length: count }, (_, i) => version(i + 1, `raw-${i + 1}`));
  const more = [version(90, "odd"), version(91, "net", { type: "model" })];
  const edges = raw.map(({ id }): [string, string] => [id, "r:a"]);
  return graph([...raw, ...more, run("a", "one"), run("b", "two", { type: "check" })], [...edges, ["v:90", "r:b"], ["r:a", "v:91"]]);
}
