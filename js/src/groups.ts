// What each instance belongs to: an artifact type and a collection, or a job type. Ids are
// `t:TYPE`, `c:NAME` (of another project `c:PROJECT/NAME`), `j:JOB TYPE`; instances have
// `v:NUMBER` and `r:ID`; a cluster of siblings `k:...` is made by the view alone.

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
  const add = (group: Group) => {
    place.set(group.id, all.length);
    if (group.within >= 0) all[group.within].names++;
    return all.push(group) - 1;
  };
  // By what they are called: an id for each of 100,000 nodes would take longer than the rest.
  const [jobs, types, names] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  const type = new Int32Array(graph.nodes.length);
  const name = new Int32Array(graph.nodes.length).fill(-1);
  graph.nodes.forEach((node, i) => {
    const { isRun } = node;
    const kinds = isRun ? jobs : types;
    let at = kinds.get(node.type);
    if (at === undefined) kinds.set(node.type, (at = add({ id: typeId(node), isRun, type: node.type, title: node.type, within: -1, names: 0 })));
    type[i] = at;
    if (isRun) return;
    at = names.get(node.name);
    if (at === undefined) names.set(node.name, (at = add({ id: `c:${node.name}`, isRun, type: node.type, title: node.name, within: type[i], names: 0 })));
    name[i] = at;
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
