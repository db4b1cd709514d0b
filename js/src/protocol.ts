// What Python and the page say to one another. Python's side: artnb/widgets/payload.py
// (the graph's columns), rpc.py (the methods) and describe.py (the details).

import type { Said, Sentence } from "./texts";

export const METHODS = ["watch", "describe", "blob", "graph", "aliases", "tags", "text", "files", "preview", "file", "load", "compare", "compare_file"] as const;
export type Method = (typeof METHODS)[number];

/** Bytes of a file that goes through the kernel (artnb/widgets/preview). */
export const LARGEST_DOWNLOAD = 32 << 20;

export const RUN_STATES = ["running", "finished", "failed", "crashed", "deleted"] as const;
export const VERSION_STATES = ["live", "damaged", "deleted"] as const;

export interface Request {
  kind: "request";
  id: number;
  method: Method;
  params: Record<string, unknown>;
}
export type Answer =
  | { kind: "reply"; id: number; result: unknown }
  | ({ kind: "error"; id: number } & Sentence);

/** One run or version. */
export interface Instance {
  id: string;
  isRun: boolean;
  type: string;
  /** Of a version of another project, with that: `project/name`. */
  name: string;
  number: number;
  state: string;
  time: number;
  aliases: string[];
  tags: string[];
  /** Of a version: its cell makes something else now, and it is left as it is. */
  left: boolean;
}

/** The whole graph: instances and, by their places, where the data went. */
export interface Graph {
  project: string;
  /** Of the whole graph that Python told: what changes since name as their base. */
  revision: number;
  nodes: Instance[];
  sources: Uint32Array;
  targets: Uint32Array;
}

/** What a person asked to see first (artnb/widgets/look.py). */
export interface Look {
  level: string;
  /** "right" or "down"; "" for what this browser showed last. */
  direction: string;
  /** The node that is opened, or "". */
  focused: string;
  /** How many steps around it are shown; 0 for all. */
  depth: number;
  /** Artifact types and job types that are shown; none for all. */
  types: string[];
  /** From when to when, in s since the epoch; none or null for an open end. */
  since?: number | null;
  until?: number | null;
  /** The language of its texts, or "" for the browser's. */
  lang?: string;
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;
const COLUMNS: Record<string, [new (b: ArrayBuffer, o: number, n: number) => Column, number]> = {
  u1: [Uint8Array, 1],
  u2: [Uint16Array, 2],
  u4: [Uint32Array, 4],
  f8: [Float64Array, 8],
};

/** Shared by all that have none. */
const NONE: string[] = [];

/** What `pack` made: a header, and columns by their names. */
export interface Packed {
  header: any;
  column(name: string): Column;
}

export function unpack(view: DataView | Uint8Array): Packed {
  // A copy of its own: what the comm hands over may begin at any offset.
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const buffer = bytes.buffer;
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
  if (header.format !== 2) throw new Error(`the graph has the unknown format ${header.format}`);
  const start = 4 + headerLength;
  const column = (name: string): Column => {
    const [code, offset, count] = header.columns[name];
    const [Kind] = COLUMNS[code];
    return new Kind(buffer, start + offset, count);
  };
  return { header, column };
}

/** The nodes that `encode_nodes` packed. */
export function nodesOf({ header, column }: Packed): Instance[] {
  const [kind, key, type, name, number, state, time] = [
    "kind", "key", "type", "name", "number", "state", "time",
  ].map(column);
  const { strings, prefixes } = header;
  const left = new Set<number>(header.left);
  return Array.from({ length: kind.length }, (_, i) => {
    const isRun = kind[i] === 1;
    return {
      id: isRun ? `r:${header.ids[key[i]]}` : `v:${key[i]}`,
      isRun,
      type: strings[type[i]],
      // A name that ends with the run's number is sent without it.
      name: name[i] < strings.length ? strings[name[i]] : prefixes[name[i] - strings.length] + number[i],
      number: number[i],
      state: (isRun ? RUN_STATES : VERSION_STATES)[state[i]],
      time: time[i],
      aliases: header.aliases[i] ?? NONE,
      tags: header.tags[i] ?? NONE,
      left: left.has(i),
    };
  });
}

/** The graph that `encode_graph` packed. */
export function decodeGraph(view: DataView | Uint8Array): Graph {
  const packed = unpack(view);
  const { header, column } = packed;
  return {
    project: header.project,
    revision: header.revision,
    nodes: nodesOf(packed),
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
/** Files of a version that are called so, from a place on: artnb/widgets/describe.py. */
export interface FoundFiles {
  files: FileDetails[];
  more: number;
}
/** What came of loading a version into the notebook; `asks`: nothing, for these values would be lost. */
export interface Loaded {
  loaded: string[];
  problems: [string, Said][];
  asks: string[];
}
/** The beginning of a file: artnb/widgets/preview. */
export type Preview =
  | { kind: "text" | "bytes"; text: string; note: Said }
  | { kind: "json"; value: unknown; note: Said }
  | { kind: "rows"; columns: Said[]; rows: Said[][]; facts: Said; note: Said }
  | { kind: "image"; format: string; digest: string }
  | { kind: "chart"; text: string; charts: Chart[] }
  | { kind: "nothing"; message: Said };
export interface Change {
  what: Said;
  before: string;
  after: string;
  note: Said;
}
/** Which files of two versions differ, the older one first: artnb/widgets/compare.py. */
export interface Comparison {
  old: { node: string; version: string };
  new: { node: string; version: string };
  facts: Change[];
  files: { path: string; state: "added" | "removed" | "renamed" | "changed"; was: string | null; size: number }[];
  more: number;
  same: number;
}
/** How one file differs. */
export interface FileComparison {
  /** Empty where the values are equal and only their bytes differ. */
  summary: Said;
  changes: Change[];
  /** A unified difference: each line begins with `+`, `-`, `@` or a space. */
  lines: string[];
  more: number;
  problem: Said | null;
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
  problem: Said | null;
  aliases: string[];
  tags: string[];
  description: string | null;
  /** `project/name:vN` of what it is a link to. */
  source: string | null;
  metadata: Record<string, unknown>;
  digest: string;
  size: number;
  entries: number;
  created: number;
  files: FileDetails[];
  filesMore: number;
  /** In an exported page: path, size and format of each of those, packed (artnb/widgets/page.py). */
  rest?: string;
  versions: { node: string; version: string; aliases: string[]; created: number; size: number; state: string }[];
  producers: Link[];
  consumers: Link[];
  usage: string;
  /** Python that gets at it: what it does, and the code. */
  code: { title: string; text: string }[];
}
export interface Chart {
  key: string;
  x: number[];
  /** Seconds since the run began. */
  t?: number[];
  y: (number | null)[];
  /** Where it is no line along steps: how its points are drawn, and the step that they are of. */
  draw?: "bars" | "points" | "line" | "labels" | "matrix" | "boxes";
  step?: number;
  /** x are seconds since 1970. */
  dates?: boolean;
  /** What the values are of, or the classes of a matrix and how often each was taken for which. */
  labels?: string[];
  counts?: (number | null)[][];
  /** Of a matrix that is none of classes: what its columns are called. */
  columns?: string[];
  /** Of each label: the lower end, first quartile, median, third quartile and upper end. */
  boxes?: number[][];
}
/** A box on a picture, as W&B has it. */
export interface Box {
  position: { minX?: number; maxX?: number; minY?: number; maxY?: number; middle?: [number, number]; width?: number; height?: number };
  /** Null: in parts of the picture. */
  domain?: "pixel" | null;
  class_id?: number;
  box_caption?: string;
}
export interface Picture {
  digest: string;
  width: number;
  height: number;
  format: string;
  caption: string | null;
  boxes?: Record<string, { box_data: Box[]; class_labels: Record<string, string> }>;
  masks?: { digest: string; class_labels: Record<string, string> }[];
}
export interface ImageGroup {
  key: string;
  /** `total` were logged, of which `items` are the first. */
  rows: { step: number; items: Picture[]; total: number }[];
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
/** A file that a run read or wrote, and the version that holds it. */
export interface TouchedFile {
  path: string;
  size: number | null;
  sha256: string | null;
  rewritten: boolean;
  /** Perhaps a program did it that is none of the run's. */
  unsure: boolean;
  node: string | null;
  version: string | null;
}
export interface TouchedFiles {
  root: string | null;
  partial: Said | null;
  reads: TouchedFile[];
  writes: TouchedFile[];
  more: { reads: number; writes: number };
  /** What other programs wrote while the run's cell ran. */
  others: string[];
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
  problem: Said | null;
  created: number;
  finished: number | null;
  config: Record<string, unknown>;
  summary: Record<string, unknown>;
  inputs: Link[];
  outputs: Link[];
  charts: Chart[];
  images: ImageGroup[];
  tables: LoggedTable[];
  touched: TouchedFiles | null;
  code: string | null;
  shown: Shown;
  notebook: string | null;
  cellId: string | null;
  /** How many lines of the code are the cell; what follows are functions that it uses. */
  cellLines: number | null;
  /** Files of the person's own that it used, as they were. */
  modules: { path: string; code: string }[];
  gitCommit: string | null;
  environment: Record<string, unknown>;
}
export type Details = VersionDetails | RunDetails;
