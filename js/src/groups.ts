// What each instance belongs to: an artifact type and a collection, or a job type. Ids are
// `t:TYPE`, `c:NAME`, `j:JOB TYPE`; instances have `v:NUMBER` and `r:ID`; a cluster of
// siblings `k:...` is made by the view alone.

import type { Graph, Instance } from "./protocol";

/** One group of instances and the group that holds it. */
export interface Group {
  id: string;
  isRun: boolean;
  type: string;
  title: string;
  /** Place of the type that a collection belongs to, or -1. */
  within: number;
  /** How many collections a type has. */
  names: number;
}

export interface Groups {
  all: Group[];
  place: Map<string, number>;
  /** For each instance, its type or job type. */
  type: Int32Array;
  /** For each instance, its collection, or -1 for a run. */
  name: Int32Array;
}

export function typeId(node: Instance): string {
  return `${node.isRun ? "j" : "t"}:${node.type}`;
}

export function label(node: Instance): string {
  return node.isRun ? node.name : `${node.name}:v${node.number}`;
}

export function isInstance(id: string): boolean {
  return id.startsWith("v:") || id.startsWith("r:");
}

const known = new WeakMap<Graph, Groups>();

export function groupsOf(graph: Graph): Groups {
  const before = known.get(graph);
  if (before) return before;
  const all: Group[] = [];
  const place = new Map<string, number>();
  const groupAt = (id: string, make: () => Omit<Group, "id" | "names">) => {
    let at = place.get(id);
    if (at === undefined) {
      place.set(id, (at = all.length));
      const group: Group = { id, names: 0, ...make() };
      all.push(group);
      if (group.within >= 0) all[group.within].names++;
    }
    return at;
  };
  const type = new Int32Array(graph.nodes.length);
  const name = new Int32Array(graph.nodes.length).fill(-1);
  graph.nodes.forEach((node, i) => {
    const { isRun } = node;
    type[i] = groupAt(typeId(node), () => ({ isRun, type: node.type, title: node.type, within: -1 }));
    if (!isRun) name[i] = groupAt(`c:${node.name}`, () => ({ isRun, type: node.type, title: node.name, within: type[i] }));
  });
  const groups = { all, place, type, name };
  known.set(graph, groups);
  return groups;
}

/** The groups of an instance or a group, innermost first: where folding it leads. */
export function groupsAround(graph: Graph, id: string, placeOf: Map<string, number>): string[] {
  const { all, place, type, name } = groupsOf(graph);
  const at = placeOf.get(id);
  if (at !== undefined) return [name[at], type[at]].filter((each) => each >= 0).map((each) => all[each].id);
  const group = all[place.get(id) ?? -1];
  return group && group.within >= 0 ? [all[group.within].id] : [];
}
