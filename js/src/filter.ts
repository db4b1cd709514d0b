// Which instances pass what a person picked: of each kind of choice any one, of all kinds all.
//
// A choice about one kind of node (a type, an alias, a job type, a state) leaves the other
// kind to follow: what passes is shown with the runs or artifacts next to it. A span of time
// is about both kinds: nothing from outside it is shown.

import { RUN_STATES, VERSION_STATES, type Graph, type Instance } from "./protocol";
import { haysOf, wordsOf } from "./search";

export const FACETS = ["types", "jobTypes", "aliases", "tags", "states"] as const;
export type Facet = (typeof FACETS)[number];
/** From when to when, both included, in s since the epoch; null for an open end. */
export interface Span {
  since: number | null;
  until: number | null;
}
export type Filter = Readonly<Record<Facet, readonly string[]> & { text: string } & Span>;

export const EVERYTHING: Filter = { types: [], jobTypes: [], aliases: [], tags: [], states: [], text: "", since: null, until: null };

export function isActive(filter: Filter): boolean {
  return filter.text.trim() !== "" || filter.since !== null || filter.until !== null || FACETS.some((facet) => filter[facet].length > 0);
}

/** What can be picked of each, the most frequent first, and how often it occurs. */
export function choices(graph: Graph): Record<Facet, Map<string, number>> {
  const found = Object.fromEntries(FACETS.map((facet) => [facet, new Map<string, number>()])) as Record<Facet, Map<string, number>>;
  const add = (facet: Facet, value: string) => found[facet].set(value, (found[facet].get(value) ?? 0) + 1);
  for (const node of graph.nodes) {
    add(node.isRun ? "jobTypes" : "types", node.type);
    for (const alias of node.aliases) add("aliases", alias);
    for (const tag of node.tags) add("tags", tag);
    add("states", node.state);
  }
  for (const facet of FACETS) found[facet] = new Map([...found[facet]].sort((a, b) => b[1] - a[1]));
  return found;
}

/** For each instance, 1 if it is shown; null if all are. */
export function keptBy(graph: Graph, filter: Filter): Uint8Array | null {
  if (!isActive(filter)) return null;
  const words = wordsOf(filter.text);
  const hays = words.length ? haysOf(graph) : [];
  const picked = Object.fromEntries(FACETS.map((facet) => [facet, new Set(filter[facet])])) as unknown as Picked;
  const about = concerned(picked);
  const onlyTime = !about.run && !about.artifact && !words.length && !picked.tags.size;
  const own = graph.nodes.map((node) => within(filter, node.time) && passes(node, picked));
  const hit = graph.nodes.map(
    (node, i) =>
      own[i] &&
      (onlyTime || about[kindOf(node)] || words.length > 0 || picked.tags.size > 0) &&
      (!picked.tags.size || node.tags.some((tag) => picked.tags.has(tag))) &&
      words.every((word) => hays[i].includes(word)),
  );
  const kept = Uint8Array.from(hit, Number);
  graph.sources.forEach((source, n) => {
    const target = graph.targets[n];
    if (hit[source] && own[target]) kept[target] = 1;
    if (hit[target] && own[source]) kept[source] = 1;
  });
  return kept;
}

function within({ since, until }: Span, time: number): boolean {
  return (since === null || time >= since) && (until === null || time <= until);
}

/** A time as `datetime-local` has it: the browser's own, to the minute. */
export function toInput(time: number | null): string {
  if (time === null) return "";
  const at = new Date(time * 1000);
  const [year, ...rest] = [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes()];
  const [month, day, hour, minute] = rest.map((part) => String(part).padStart(2, "0"));
  return `${String(year).padStart(4, "0")}-${month}-${day}T${hour}:${minute}`;
}

/** The way back: the minute's begin, or its end, so that what is told as then is in the span. */
export function fromInput(text: string, end: keyof Span): number | null {
  const time = text ? Date.parse(text) / 1000 : NaN;
  if (Number.isNaN(time)) return null;
  return end === "until" ? time + 59.999 : time;
}

type Picked = Record<Facet, Set<string>>;
type Kind = "run" | "artifact";
const kindOf = (node: Instance): Kind => (node.isRun ? "run" : "artifact");

/** Which kinds of node the choices are about. */
function concerned(picked: Picked): Record<Kind, boolean> {
  return {
    run: picked.jobTypes.size > 0 || statesOf(picked, true).length > 0,
    artifact: picked.types.size > 0 || picked.aliases.size > 0 || statesOf(picked, false).length > 0,
  };
}

function passes(node: Instance, picked: Picked): boolean {
  const types = node.isRun ? picked.jobTypes : picked.types;
  if (types.size && !types.has(node.type)) return false;
  if (!node.isRun && picked.aliases.size && !node.aliases.some((alias) => picked.aliases.has(alias))) return false;
  const states = statesOf(picked, node.isRun);
  return !states.length || states.includes(node.state);
}

/** Those of the picked states that runs, or versions, can be in. */
function statesOf(picked: Picked, isRun: boolean): string[] {
  const possible: readonly string[] = isRun ? RUN_STATES : VERSION_STATES;
  return [...picked.states].filter((state) => possible.includes(state));
}
