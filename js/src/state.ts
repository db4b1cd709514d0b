// What the page knows and the person chose: lives in the page only, never sent to Python.

import { batch, computed, signal, type Signal } from "@preact/signals";
import { choices, EVERYTHING, keptBy, type Filter } from "./filter";
import { when } from "./format";
import { groupsAround, groupsOf, isInstance, label } from "./groups";
import { holders, viewOf } from "./levels";
import { remember, remembered } from "./direction";
import { DIRECTIONS, type Direction } from "./layout";
import type { Details, Graph, Instance, Look, Saving } from "./protocol";
import { wayBetween } from "./related";
import { growthOf, positionOf, timeAt } from "./replay";
import type { Backend } from "./rpc";
import { search } from "./search";
import type { GoToCell } from "./notebook";
import { PLAIN } from "./series";
import { staleness, withStale } from "./stale";
import { LEVELS, type Item, type Level } from "./view";
import { t, type Text } from "./texts";

export type Loading<T> =
  | { status: "pending" }
  | { status: "ready"; value: T }
  | { status: "error"; message: string };

/** A node that the view keeps to, with what is at most `depth` steps from it. */
export interface Around {
  id: string;
  depth: number;
  /** Of a cluster, which is gone once it is exploded: what it held, and what it was called. */
  parts?: string[];
  title?: string;
}

const NONE: ReadonlySet<string> = new Set();
export const KINDS: Record<string, Text> = { t: "Artifact type", c: "Artifact", j: "Job type", k: "Cluster" };
export const DEPTH = 2;
export const DEEPEST = 9;

export class State {
  readonly graph: Signal<Graph>;
  readonly level: Signal<Level>;
  /** Groups that are shown by their parts, or as one, unlike the level has it. */
  readonly opened = signal(NONE);
  readonly folded = signal(NONE);
  readonly loose = signal(NONE);
  /** Where one went from neighbourhood to neighbourhood; the last is shown. */
  readonly trail = signal<readonly Around[]>([]);
  readonly filter = signal<Filter>(EVERYTHING);
  /** The ends of the way that is marked; the second is "" while it is being picked. */
  readonly ends = signal<{ from: string; to: string } | null>(null);
  /** Where arrows go. */
  readonly direction = signal<Direction>(remembered());
  /** Whether the project's growth is replayed, at what time, and whether that goes by itself. */
  readonly replaying = signal(false);
  readonly until = signal(Infinity);
  readonly playing = signal(false);
  /** The chosen node's id, or "". */
  readonly selected = signal("");
  readonly query = signal("");
  readonly tab = signal("");
  readonly asTable = signal(false);
  readonly busy = signal(false);
  readonly offline = signal(false);
  /** How the charts of all runs are drawn. */
  readonly plotting = signal(PLAIN);
  /** Whether the kernel is known to have ended. */
  readonly gone = signal(false);
  /** What runs are saving, by their id. */
  readonly saving = signal<Record<string, Saving>>({});
  /** How many nodes are being laid out, 0 for none. */
  readonly arranging = signal(0);
  readonly said = signal("");
  /** Whether it is said how the wheel zooms. */
  readonly hinting = signal(false);
  /** Rises when what is known of nodes may be stale. */
  readonly revision = signal(0);
  readonly backend: Backend;
  /** Goes to a notebook's cell, where the host can. */
  goToCell: GoToCell | undefined;
  readonly kept = computed(() => keptBy(this.graph.value, this.filter.value));
  readonly view = computed(() =>
    viewOf(this.graph.value, this.level.value, {
      opened: this.opened.value,
      folded: this.folded.value,
      loose: this.loose.value,
      around: this.trail.value.at(-1) ?? null,
      kept: this.kept.value,
    }),
  );
  /** What the panel tells of: what is chosen, unless it was a cluster that is no more. */
  readonly told = computed(() => {
    const id = this.selected.value;
    return id.startsWith("k:") && !this.view.value.place.has(id) ? "" : id;
  });
  /** Places in the view on the way between the two ends; none where there is no way. */
  readonly way = computed(() => {
    const ends = this.ends.value;
    return ends?.to ? wayBetween(this.view.value, this.shownAs(ends.from), this.shownAs(ends.to)) : [];
  });
  readonly growth = computed(() => (this.replaying.value ? growthOf(this.view.value) : null));
  /** Where the replay is among the moments of growth, with a fraction between two of them. */
  readonly position = computed(() => (this.growth.value ? positionOf(this.growth.value.moments, this.until.value) : Infinity));
  readonly moment = computed(() => Math.floor(this.position.value));
  /** What the search lists. */
  readonly hits = computed(() => search(this.graph.value, this.query.value));
  readonly stale = computed(() => staleness(this.graph.value));
  readonly places = computed(() => {
    const places = new Map<string, number>();
    this.graph.value.nodes.forEach(({ id }, place) => places.set(id, place));
    return places;
  });
  readonly byId = computed(() => {
    const [{ nodes }, places] = [this.graph.value, this.places.value];
    return { has: (id: string) => places.has(id), get: (id: string): Instance | undefined => nodes[places.get(id) ?? -1] };
  });
  readonly types = computed(() => {
    const found = new Set<string>();
    for (const node of this.graph.value.nodes) if (!node.isRun) found.add(node.type);
    return [...found];
  });
  #details = new Map<string, Details>();

  constructor(graph: Graph, level: Level, backend: Backend) {
    this.graph = signal(withStale(graph));
    this.level = signal(level);
    this.backend = backend;
  }

  /** Look at the graph as Python was asked to show it. */
  begin({ level, direction, focused, depth, types, since = null, until = null }: Look) {
    batch(() => {
      this.direction.value = DIRECTIONS.find((each) => each === direction) ?? remembered();
      this.level.value = LEVELS.find((each) => each === level) ?? "types";
      this.filter.value = { ...(types.length ? filterOf(types, this.graph.value) : EVERYTHING), since, until };
      this.trail.value = [];
      this.replay(false);
      // First: what is far from it need not be made into items at all.
      if (focused && depth) this.look(focused, depth);
      if (focused) this.select(focused);
    });
  }

  /** The place of the item that shows a node or a group, or -1. */
  shownAs(id: string): number {
    const { place, of } = this.view.value;
    return place.get(id) ?? of[this.places.value.get(id) ?? -1] ?? -1;
  }

  /** Choose where the way from the node that was begun at ends. */
  endWay(to: string) {
    const from = this.ends.value?.from ?? this.selected.value;
    this.ends.value = from && to && from !== to ? { from, to } : null;
    if (this.ends.value) this.said.value = this.describeWay();
  }

  describeWay(): string {
    const { from, to } = this.ends.value!;
    const names = t("{0} and {1}", this.titleOf(from), this.titleOf(to));
    const steps = this.way.value.length - 1;
    return steps > 0 ? t(steps === 1 ? "{0} step between {1}" : "{0} steps between {1}", steps, names) : t("No way between {0}", names);
  }

  /** Choose a node; what hides it gives way: the groups that hold it are exploded. */
  select(id: string) {
    batch(() => {
      if (id && this.ends.value && !this.ends.value.to) return this.endWay(id);
      if (id) this.#show(id);
      this.selected.value = id;
      const node = this.byId.value.get(id);
      if (node) this.said.value = t(node.isRun ? "Run {0}, {1}" : "Artifact {0}, {1}", label(node), node.type);
      else if (id && !isInstance(id)) this.said.value = `${t(KINDS[id[0]])} ${this.titleOf(id)}`;
      // A link may go to another project's node: it can be read, and is nowhere in the graph.
      else if (id) this.said.value = t(id.startsWith("r:") ? "Run outside this graph" : "Artifact outside this graph");
    });
  }

  #show(id: string) {
    const shown = () => this.view.value.place.has(id);
    if (shown() || (!this.places.value.has(id) && !groupsOf(this.graph.value).place.has(id))) return;
    if (!holders(this.graph.value, this.view.value, id).length) {
      // Neither it nor a group that holds it: filtered away, or not near what is looked at.
      this.trail.value = [];
      if (!holders(this.graph.value, this.view.value, id).length) this.filter.value = EVERYTHING;
    }
    for (const group of this.groupsOf(id).reverse()) if (!shown()) this.explode(group);
    if (!shown()) this.loose.value = new Set([...this.loose.value, id]);
  }

  /** What a node or a group is called. */
  titleOf(id: string): string {
    const node = this.byId.value.get(id);
    const { items, place } = this.view.value;
    return node ? label(node) : (items[place.get(id) ?? -1]?.title ?? id.slice(2));
  }

  /** Ids of the groups that hold a node or a group, the innermost first. */
  groupsOf(id: string): string[] {
    return groupsAround(this.graph.value, id, this.places.value);
  }

  setLevel(level: Level) {
    batch(() => {
      const [id, chosen] = [this.selected.value, this.places.value.get(this.selected.value)];
      this.level.value = level;
      this.opened.value = this.folded.value = this.loose.value = NONE;
      const { of, items, place } = this.view.value;
      if (chosen !== undefined && of[chosen] >= 0) this.selected.value = items[of[chosen]].id;
      else if (id && !place.has(id) && !isInstance(id)) this.selected.value = "";
    });
  }

  /** Let arrows go the other way; this browser's next graph does so too. */
  turn() {
    this.direction.value = this.direction.value === "down" ? "right" : "down";
    remember(this.direction.value);
    this.said.value = t(this.direction.value === "down" ? "From top to bottom" : "From left to right");
  }

  /** Begin or end replaying how the project grew. */
  replay(open: boolean) {
    batch(() => {
      this.replaying.value = open;
      this.until.value = Infinity;
      this.playing.value = false;
    });
  }

  /** Let the replay go on, from the start where it is at the end; or let it stand. */
  togglePlay() {
    const { moments } = this.growth.value!;
    if (moments.length < 2) return;
    if (!this.playing.value && this.moment.value >= moments.length - 1) this.until.value = moments[0];
    this.playing.value = !this.playing.value;
    if (!this.playing.value) this.#sayMoment();
  }

  goTo(position: number) {
    const { moments } = this.growth.value!;
    this.until.value = timeAt(moments, position);
    if (this.playing.value && position >= moments.length - 1) {
      this.playing.value = false;
      this.#sayMoment();
    }
  }

  #sayMoment() {
    const { moments, counts } = this.growth.value!;
    const at = this.moment.value;
    if (moments.length) this.said.value = t("{0}: {1} of {2} runs and versions", when(moments[at]), counts[at], counts[counts.length - 1]);
  }

  /** Show a group by its parts. */
  explode(id: string) {
    const item = this.view.value.items[this.view.value.place.get(id) ?? -1];
    if (item?.kind === "cluster") {
      this.loose.value = new Set([...this.loose.value, ...this.#partsOf(item)]);
      return;
    }
    this.opened.value = new Set([...this.opened.value, id]);
    this.folded.value = without(this.folded.value, [id]);
  }

  /** Ids of the groups that a cluster gathers. */
  #partsOf({ isRun, members }: Item): string[] {
    const { all, name, type } = groupsOf(this.graph.value);
    return [...new Set(members.map((place) => all[isRun ? type[place] : name[place]].id))];
  }

  /** Show a group as one node, with all that it holds. */
  fold(id: string) {
    batch(() => {
      const inside = groupsOf(this.graph.value).all.map((group) => group.id).filter((each) => this.groupsOf(each).includes(id));
      this.folded.value = new Set([...this.folded.value, id]);
      this.opened.value = without(this.opened.value, [id, ...inside]);
      this.loose.value = without(this.loose.value, [id, ...inside]);
      if (this.groupsOf(this.selected.value).includes(id)) this.selected.value = id;
    });
  }

  /** The group that a node of the view folds into, or "". */
  foldsInto(id: string): string {
    return this.groupsOf(id)[0] ?? "";
  }

  /** Show only what is at most some steps from a node. */
  look(id: string, depth = DEPTH) {
    const last = this.trail.value.at(-1);
    const again = last?.id === id;
    const before = again ? this.trail.value.slice(0, -1) : this.trail.value;
    const item = this.view.value.items[this.view.value.place.get(id) ?? -1];
    const cluster = item?.kind === "cluster" ? { parts: this.#partsOf(item), title: item.title } : again ? last : {};
    this.trail.value = [...before, { ...cluster, id, depth: Math.min(DEEPEST, Math.max(1, depth)) }];
  }

  /** Go back to the first `count` steps of the trail. */
  back(count: number) {
    this.trail.value = this.trail.value.slice(0, Math.max(0, count));
  }

  replace(graph: Graph) {
    batch(() => {
      this.graph.value = withStale(graph);
      this.#details.clear();
      this.revision.value++;
    });
  }

  /** Take over what a change answered; of other nodes what it took from them is asked anew. */
  async changed(answer: Promise<Details>, said: string) {
    const now = await answer;
    this.#details.clear();
    this.#details.set(now.node, now);
    this.revision.value++;
    this.said.value = said;
  }

  /** Ask anew for what is shown: Python has found something out by the way. */
  refresh() {
    this.#details.clear();
    this.revision.value++;
  }

  known(id: string): Details | undefined {
    return this.#details.get(id);
  }

  async details(id: string): Promise<Details> {
    const revision = this.revision.value;
    const found = this.#details.get(id) ?? (await this.backend.describe(id));
    if (revision === this.revision.value) this.#details.set(id, found);
    return found;
  }
}

/** The filter for types that are given by name alone. */
function filterOf(types: string[], graph: Graph): Filter {
  const { types: ofArtifacts, jobTypes } = choices(graph);
  return { ...EVERYTHING, types: types.filter((each) => ofArtifacts.has(each)), jobTypes: types.filter((each) => jobTypes.has(each)) };
}

function without(set: ReadonlySet<string>, gone: string[]): ReadonlySet<string> {
  const left = new Set(set);
  for (const each of gone) left.delete(each);
  return left;
}
