// The same app on pages of `artnb ui`: data over HTTP, and the address says what is open.

import { effect } from "@preact/signals";
import type { Level } from "./view";
import { decodeGraph, type Comparison, type Details, type FileComparison, type FoundFiles, type Graph, type Instance, type Preview } from "./protocol";
import type { Backend } from "./rpc";
import { State } from "./state";
import { t, told } from "./texts";

/** What the page's script element carries: see artnb/server/pages.py. */
export interface ServedData {
  /** The project's own address, without a slash at the end. */
  base: string;
  /** Where the data are fetched, with one. */
  api: string;
  project: string;
  level: string;
  focused: string;
  lang?: string;
}

const EVERY = 2_000;

export class ServerBackend implements Backend {
  #root: string;
  #api: string;

  constructor(data: ServedData) {
    this.#api = data.api;
    this.#root = `${data.api}${encodeURIComponent(data.project)}/`;
  }

  async describe(node: string): Promise<Details> {
    return (await this.#fetch(`${this.#root}nodes/${encodeURIComponent(node)}`)).json();
  }

  async blob(digest: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#fetch(`${this.#api}blobs/${digest}`)).arrayBuffer());
  }

  async files(node: string, find: string, after: number): Promise<FoundFiles> {
    return (await this.#fetch(`${this.#root}nodes/${encodeURIComponent(node)}/files?find=${encodeURIComponent(find)}&after=${after}`)).json();
  }

  async preview(node: string, path: string): Promise<Preview> {
    return (await this.#fetch(this.#at(node, "preview", path))).json();
  }

  async compare(node: string, other: string): Promise<Comparison> {
    return (await this.#fetch(this.#beside(node, other))).json();
  }

  async compareFile(node: string, other: string, path: string): Promise<FileComparison> {
    return (await this.#fetch(`${this.#beside(node, other)}&path=${encodeURIComponent(path)}`)).json();
  }

  #beside(node: string, other: string): string {
    return `${this.#root}nodes/${encodeURIComponent(node)}/compare?with=${encodeURIComponent(other)}`;
  }

  link(node: string, path: string): string {
    return this.#at(node, "file", path);
  }

  #at(node: string, what: string, path: string): string {
    return `${this.#root}nodes/${encodeURIComponent(node)}/${what}?path=${encodeURIComponent(path)}`;
  }

  /** The graph, or null where it is as the tag says. */
  async graph(known = ""): Promise<{ graph: Graph; tag: string } | null> {
    const answer = await this.#fetch(`${this.#root}graph`);
    const tag = answer.headers.get("ETag") ?? "";
    if (tag && tag === known) return null;
    return { graph: decodeGraph(new Uint8Array(await answer.arrayBuffer())), tag };
  }

  async #fetch(url: string): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(url, { credentials: "same-origin" });
    } catch {
      throw new Error(t("The server does not answer. Start `artnb ui` or JupyterLab again, then reload."));
    }
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => null);
    throw new Error(said?.message ? told(said) : t("The server answered {0}. Reload the page to log in again.", answer.status));
  }
}

/** The address of a node below the project's. */
export function addressOf(base: string, node: Instance | undefined): string {
  if (!node) return base;
  if (node.isRun) return `${base}/runs/${encodeURIComponent(node.id.slice(2))}`;
  // Another project's artifact has that before its name.
  return `${base}/artifacts/${node.name.split("/").map(encodeURIComponent).join("/")}/v${node.number}`;
}

/** The node that an address opens: the way back of `addressOf`. */
export function nodeAt(base: string, path: string, nodes: Instance[]): string {
  return nodes.find((node) => addressOf(base, node) === path)?.id ?? "";
}

/** A state that is fed by the server, and kept with the address, until `signal` aborts. */
export async function openServed(data: ServedData, signal: AbortSignal): Promise<State> {
  const backend = new ServerBackend(data);
  let { graph, tag } = (await backend.graph())!;
  const state = new State(graph, data.level as Level, backend);
  if (data.focused) state.select(data.focused);
  followAddress(data, state, signal);
  let asking = false;
  const news = async () => {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const found = await backend.graph(tag);
      if (found && !signal.aborted) {
        tag = found.tag;
        state.replace(found.graph);
      }
      state.offline.value = false;
    } catch {
      state.offline.value = true; // shown until the server answers again
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(news, EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", news, { signal });
  return state;
}

function followAddress(data: ServedData, state: State, signal: AbortSignal) {
  const stop = effect(() => {
    const chosen = state.selected.value;
    // A type has no address: the project's stays.
    const address = addressOf(data.base, state.byId.peek().get(chosen));
    if (address !== location.pathname) history.pushState(null, "", address);
  });
  const back = () => state.select(nodeAt(data.base, location.pathname, state.graph.peek().nodes));
  addEventListener("popstate", back, { signal });
  signal.addEventListener("abort", stop);
}
