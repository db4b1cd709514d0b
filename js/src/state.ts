// What the page knows and the person chose: lives in the page only, never sent to Python.

import { batch, computed, signal, type Signal } from "@preact/signals";
import { choices, EVERYTHING, keptBy, type Filter } from "./filter";
import { groupsAround, groupsOf, isInstance, label } from "./groups";
import { holders, viewOf } from "./levels";
import type { Details, Graph, Look, Saving } from "./protocol";
import { wayBetween } from "./related";
import type { Backend } from "./rpc";
import { staleness, withStale } from "./stale";
import { LEVELS, type Level } from "./view";

export type Loading<T> =
  | { status: "pending" }
  | { status: "ready"; value: T }
  | { status: "error"; message: string };

/** A node that the view keeps to, with what is at most `depth` steps from it. */
export interface Around {
  id: string;
  depth: number;
}

const NONE: ReadonlySet<string> = new Set();
export const KINDS: Record<string, string> = { t: "Artifact type", c: "Artifact", j: "Job type", k: "Cluster" };
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
  /** The chosen node's id, or "". */
  readonly selected = signal("");
  readonly query = signal("");
  readonly tab = signal("");
  readonly asTable = signal(false);
  readonly busy = signal(false);
  readonly offline = signal(false);
  /** Whether the kernel is known to have ended. */
  readonly gone = signal(false);
  /** What runs are saving, by their id. */
  readonly saving = signal<Record<string, Saving>>({});
  /** How many nodes are being laid out, 0 for none. */
  readonly arranging = signal(0);
  readonly said = signal("");
  /** Rises when what is known of nodes may be stale. */
  readonly revision = signal(0);
  readonly backend: Backend;
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
  readonly stale = computed(() => staleness(this.graph.value));
  readonly byId = computed(() => new Map(this.graph.value.nodes.map((node) => [node.id, node])));
  readonly places = computed(() => new Map(this.graph.value.nodes.map((node, place) => [node.id, place])));
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
  begin({ level, focused, depth, types }: Look) {
    batch(() => {
      this.level.value = LEVELS.find((each) => each === level) ?? "types";
      const { types: ofArtifacts, jobTypes } = choices(this.graph.value);
      this.filter.value = {
        ...EVERYTHING, types: types.filter((each) => ofArtifacts.has(each)), jobTypes: types.filter((each) => jobTypes.has(each)),
      };
      this.trail.value = [];
      if (focused) this.select(focused);
      if (focused && depth) this.look(focused, depth);
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
    const names = `${this.titleOf(from)} and ${this.titleOf(to)}`;
    const steps = this.way.value.length - 1;
    return steps > 0 ? `${steps} step${steps === 1 ? "" : "s"} between ${names}` : `No way between ${names}`;
  }

  /** Choose a node; what hides it gives way: the groups that hold it are exploded. */
  select(id: string) {
    batch(() => {
      if (id && this.ends.value && !this.ends.value.to) return this.endWay(id);
      if (id) this.#show(id);
      this.selected.value = id;
      const node = this.byId.value.get(id);
      if (node) this.said.value = `${node.isRun ? "Run" : "Artifact"} ${label(node)}, ${node.type}`;
      else if (id && !isInstance(id)) this.said.value = `${KINDS[id[0]]} ${this.titleOf(id)}`;
      // A link may go to another project's node: it can be read, and is nowhere in the graph.
      else if (id) this.said.value = `${id.startsWith("r:") ? "Run" : "Artifact"} outside this graph`;
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

  /** Show a group by its parts. */
  explode(id: string) {
    const item = this.view.value.items[this.view.value.place.get(id) ?? -1];
    if (item?.kind === "cluster") {
      const { all, name, type } = groupsOf(this.graph.value);
      const parts = item.members.map((place) => all[item.isRun ? type[place] : name[place]].id);
      this.loose.value = new Set([...this.loose.value, ...parts]);
      return;
    }
    this.opened.value = new Set([...this.opened.value, id]);
    this.folded.value = without(this.folded.value, [id]);
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
    const before = last?.id === id ? this.trail.value.slice(0, -1) : this.trail.value;
    this.trail.value = [...before, { id, depth: Math.min(DEEPEST, Math.max(1, depth)) }];
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

  /** Add and take aliases of a version; what others lost to it is asked for anew. */
  async changeAliases(node: string, add: string[], remove: string[]) {
    const now = await this.backend.aliases!(node, add, remove);
    this.#details.clear();
    this.#details.set(node, now);
    this.revision.value++;
    this.said.value = "Aliases changed";
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

function without(set: ReadonlySet<string>, gone: string[]): ReadonlySet<string> {
  const left = new Set(set);
  for (const each of gone) left.delete(each);
  return left;
}
