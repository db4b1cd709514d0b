// What the page knows and the person chose: lives in the page only, never sent to Python.

import { computed, signal, type Signal } from "@preact/signals";
import type { Level } from "./levels";
import { label, typeId, viewOf } from "./levels";
import type { Details, Graph } from "./protocol";
import type { Backend } from "./rpc";

export type Loading<T> =
  | { status: "pending" }
  | { status: "ready"; value: T }
  | { status: "error"; message: string };

export class State {
  readonly graph: Signal<Graph>;
  readonly level: Signal<Level>;
  /** The chosen node's id, or "". */
  readonly selected = signal("");
  readonly query = signal("");
  readonly tab = signal("");
  readonly asTable = signal(false);
  readonly busy = signal(false);
  readonly offline = signal(false);
  readonly said = signal("");
  readonly note = signal("");
  /** Rises when what is known of nodes may be stale. */
  readonly revision = signal(0);
  readonly backend: Backend;
  readonly view = computed(() => viewOf(this.graph.value, this.level.value));
  readonly byId = computed(() => new Map(this.graph.value.nodes.map((node) => [node.id, node])));
  readonly types = computed(() => {
    const found = new Set<string>();
    for (const node of this.graph.value.nodes) if (!node.isRun) found.add(node.type);
    return [...found];
  });
  #details = new Map<string, Details>();

  constructor(graph: Graph, level: Level, backend: Backend) {
    this.graph = signal(graph);
    this.level = signal(level);
    this.backend = backend;
  }

  /** Choose a node; one that the level does not show brings its level along. */
  select(id: string) {
    const collapsed = id.startsWith("t:") || id.startsWith("j:");
    if (id && !collapsed && this.level.value === "types") this.level.value = "instances";
    this.selected.value = id;
    const node = this.byId.value.get(id);
    if (node) this.said.value = `${node.isRun ? "Run" : "Artifact"} ${label(node)}, ${node.type}`;
    else if (collapsed) this.said.value = `${id.startsWith("j:") ? "Job type" : "Artifact type"} ${id.slice(2)}`;
    // A link may go to another project's node: it can be read, and is nowhere in the graph.
    else if (id) this.said.value = `${id.startsWith("r:") ? "Run" : "Artifact"} outside this graph`;
  }

  setLevel(level: Level) {
    if (level === this.level.value) return;
    const node = this.byId.value.get(this.selected.value);
    this.level.value = level;
    if (level === "types") this.selected.value = node ? typeId(node) : this.selected.value;
    else if (!node) this.selected.value = "";
  }

  replace(graph: Graph) {
    this.graph.value = graph;
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
