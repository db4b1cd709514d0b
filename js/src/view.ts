// What is drawn: items and the arrows between them, at one of three levels.

import type { Graph } from "./protocol";
import { t, tn } from "./texts";

export const LEVELS = ["types", "names", "instances"] as const;
export type Level = (typeof LEVELS)[number];

/** One thing that is drawn. */
export interface Item {
  id: string;
  kind: "type" | "name" | "cluster" | "instance";
  isRun: boolean;
  type: string;
  title: string;
  note: string;
  badges: string[];
  state: string;
  /** Places of the instances that it stands for. */
  members: number[];
}

export interface Arrow {
  source: number;
  target: number;
  /** How many edges it stands for. */
  count: number;
}

export interface View {
  level: Level;
  items: Item[];
  arrows: Arrow[];
  place: Map<string, number>;
  graph: Graph;
  /** For each instance, the item that stands for it, or -1 where none does. */
  of: Int32Array;
}

/** Of the names below a type's title. */
const MOST_LETTERS = 28;
const WORST_FIRST = ["damaged", "failed", "crashed", "running", "stale"];

/** What a group says of its members: how many, the worst state, the aliases that were given. */
export function describe(item: Item, graph: Graph) {
  item.note = item.kind === "type" && !item.isRun ? namesOf(item, graph) : noteOf(item, item.members.length);
  const states = new Set<string>();
  for (const place of item.members) states.add(graph.nodes[place].state);
  // One that was deleted says nothing of those that are left.
  const gone = states.size === 1 && states.has("deleted") ? "deleted" : "";
  item.state = WORST_FIRST.find((state) => states.has(state)) ?? gone;
  if (item.kind !== "name") return;
  const given = new Set<string>();
  for (const place of item.members) for (const alias of graph.nodes[place].aliases) given.add(alias);
  given.delete("latest"); // every name has one
  item.badges = [...given];
}

/** The first names of a type, as far as they are read at a look; of a single one its versions are counted. */
function namesOf(item: Item, { nodes }: Graph): string {
  const names = [...new Set(item.members.map((place) => nodes[place].name))];
  if (names.length === 1) return `${names[0]} · ${noteOf(item, item.members.length)}`;
  let shown = names[0];
  let count = 1;
  while (count < names.length && shown.length + names[count].length <= MOST_LETTERS) shown += `, ${names[count++]}`;
  return count < names.length ? `${shown} +${names.length - count}` : shown;
}

/** What stands below a group's title when it has so many members. */
export function noteOf({ kind, isRun, type }: Item, count: number): string {
  const many = counted(count, isRun);
  if (kind === "name") return `${type} · ${many}`;
  return kind === "cluster" && !isRun ? t("names alike · {0}", many) : many;
}

/** So many runs, or versions. */
export function counted(count: number, ofRuns: boolean): string {
  return ofRuns ? tn(count, "{0} run", "{0} runs") : tn(count, "{0} version", "{0} versions");
}
