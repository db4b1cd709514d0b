// What Python and the page say to one another. Python's side: artnb/widgets/payload.py
// (the graph's columns), rpc.py (the methods) and describe.py (the details).

export const METHODS = ["watch", "describe", "blob", "graph", "aliases"] as const;
export type Method = (typeof METHODS)[number];

export const RUN_STATES = ["running", "finished", "failed", "crashed"] as const;
export const VERSION_STATES = ["live", "damaged", "deleted"] as const;

export interface Request {
  kind: "request";
  id: number;
  method: Method;
  params: Record<string, unknown>;
}
export type Answer =
  | { kind: "reply"; id: number; result: unknown }
  | { kind: "error"; id: number; message: string };

/** One run or version. */
export interface Instance {
  id: string;
  isRun: boolean;
  type: string;
  name: string;
  number: number;
  state: string;
  time: number;
  aliases: string[];
  tags: string[];
}

/** The whole graph: instances and, by their places, where the data went. */
export interface Graph {
  project: string;
  nodes: Instance[];
  sources: Uint32Array;
  targets: Uint32Array;
}

/** What a person asked to see first (artnb/widgets/look.py). */
export interface Look {
  level: string;
  /** The node that is opened, or "". */
  focused: string;
  /** How many steps around it are shown; 0 for all. */
  depth: number;
  /** Artifact types and job types that are shown; none for all. */
  types: string[];
  /** The language of its texts, or "" for the browser's. */
  lang?: string;
}

type Column = Uint8Array | Uint32Array | Int32Array | Float64Array;
const COLUMNS: Record<string, [new (b: ArrayBuffer, o: number, n: number) => Column, number]> = {
  u1: [Uint8Array, 1],
  u4: [Uint32Array, 4],
  i4: [Int32Array, 4],
  f8: [Float64Array, 8],
};

/** The graph that `encode_graph` packed. */
export function decodeGraph(view: DataView | Uint8Array): Graph {
  // A copy of its own: what the comm hands over may begin at any offset.
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const buffer = bytes.buffer;
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
  if (header.format !== 1) throw new Error(`the graph has the unknown format ${header.format}`);
  const start = 4 + headerLength;
  const column = (name: string): Column => {
    const [code, offset, count] = header.columns[name];
    const [Kind] = COLUMNS[code];
    return new Kind(buffer, start + offset, count);
  };
  const [kind, key, type, name, number, state, time] = [
    "kind", "key", "type", "name", "number", "state", "time",
  ].map(column);
  const nodes: Instance[] = Array.from({ length: kind.length }, (_, i) => {
    const isRun = kind[i] === 1;
    return {
      id: isRun ? `r:${header.ids[key[i]]}` : `v:${key[i]}`,
      isRun,
      type: header.strings[type[i]],
      name: header.strings[name[i]],
      number: number[i],
      state: (isRun ? RUN_STATES : VERSION_STATES)[state[i]],
      time: time[i],
      aliases: header.aliases[i] ?? [],
      tags: header.tags[i] ?? [],
    };
  });
  return {
    project: header.project,
    nodes,
    sources: column("source") as Uint32Array,
    targets: column("target") as Uint32Array,
  };
}

/** What a run is saving, and how many bytes of it are done (artnb/widgets/saving.py). */
export interface Saving {
  name: string;
  done: number;
  total: number;
}

export interface Link {
  node: string;
  label: string;
  type: string;
  state: string;
}
export interface FileDetails {
  path: string;
  size: number;
  format: string;
  variable: string | null;
  digest: string;
  ref: string | null;
  meta: Record<string, unknown>;
  picture: boolean;
}
export interface VersionDetails {
  kind: "version";
  node: string;
  ref: string;
  name: string;
  version: string;
  project: string;
  type: string;
  state: string;
  problem: string | null;
  aliases: string[];
  tags: string[];
  description: string | null;
  metadata: Record<string, unknown>;
  digest: string;
  size: number;
  entries: number;
  created: number;
  files: FileDetails[];
  filesMore: number;
  versions: { node: string; version: string; aliases: string[]; created: number; size: number; state: string }[];
  producers: Link[];
  consumers: Link[];
  usage: string;
}
export interface Chart {
  key: string;
  x: number[];
  y: (number | null)[];
}
export interface Picture {
  digest: string;
  width: number;
  height: number;
  format: string;
  caption: string | null;
}
export interface ImageGroup {
  key: string;
  rows: { step: number; items: Picture[] }[];
}
export interface LoggedTable {
  key: string;
  rows: { step: number; digest: string }[];
}
export interface Shown {
  stdout?: string;
  stderr?: string;
  error?: Record<string, unknown> | string;
  displays?: Record<string, unknown>[];
  [other: string]: unknown;
}
export interface RunDetails {
  kind: "run";
  node: string;
  id: string;
  name: string;
  project: string;
  jobType: string | null;
  group: string | null;
  tags: string[];
  notes: string | null;
  state: string;
  problem: string | null;
  created: number;
  finished: number | null;
  config: Record<string, unknown>;
  summary: Record<string, unknown>;
  inputs: Link[];
  outputs: Link[];
  charts: Chart[];
  images: ImageGroup[];
  tables: LoggedTable[];
  code: string | null;
  shown: Shown;
  notebook: string | null;
  gitCommit: string | null;
  environment: Record<string, unknown>;
}
export type Details = VersionDetails | RunDetails;
