// Requests to Python: an id, a reply, a timeout, an error; and the same over a page's own data.

import type { Answer, Details, Loaded, Look, Method, Preview, Request } from "./protocol";

/** What the panel asks of whoever holds the data. */
export interface Backend {
  describe(node: string): Promise<Details>;
  blob(digest: string): Promise<Uint8Array>;
  /** Add and take aliases of a version; absent, as the next two, where nothing can be changed. */
  aliases?(node: string, add: string[], remove: string[]): Promise<Details>;
  /** Add and take tags of a version or a run. */
  tags?(node: string, add: string[], remove: string[]): Promise<Details>;
  /** Write a version's description or a run's notes. */
  text?(node: string, text: string): Promise<Details>;
  /** The beginning of a version's file; absent in a page that holds no files. */
  preview?(node: string, path: string): Promise<Preview>;
  /** A whole file that is not too large for a message. */
  file?(node: string, path: string): Promise<Uint8Array>;
  /** Put a version's values into the notebook; `replace`: also where that loses a value. */
  load?(node: string, replace: boolean): Promise<Loaded>;
  /** An address that a browser downloads a file from. */
  link?(node: string, path: string): string;
}

/** The part of a widget model that carries messages. */
export interface Channel {
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event: string, callback: (...args: any[]) => void): void;
}

const TIMEOUT = 30_000;
const BUSY_AFTER = 1_500;

interface Waiting {
  resolve(value: { result: unknown; buffers: DataView[] }): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Requests over a widget model, alive until `signal` aborts. */
export class KernelBackend implements Backend {
  #channel: Channel;
  #next = 1;
  #waiting = new Map<number, Waiting>();
  #onBusy: (busy: boolean) => void;
  #dead = false;

  constructor(channel: Channel, signal: AbortSignal, onBusy: (busy: boolean) => void) {
    this.#channel = channel;
    this.#onBusy = onBusy;
    const listen = (message: Answer, buffers: DataView[] = []) => this.#take(message, buffers);
    channel.on("msg:custom", listen);
    signal.addEventListener("abort", () => {
      this.#dead = true;
      channel.off("msg:custom", listen);
      for (const each of this.#waiting.values()) {
        clearTimeout(each.timer);
        each.reject(new Error("The graph was closed."));
      }
      this.#waiting.clear();
    });
  }

  async describe(node: string): Promise<Details> {
    return (await this.request("describe", { node })).result as Details;
  }

  async blob(digest: string): Promise<Uint8Array> {
    return bytesOf(await this.request("blob", { digest }));
  }

  async preview(node: string, path: string): Promise<Preview> {
    return (await this.request("preview", { node, path })).result as Preview;
  }

  async file(node: string, path: string): Promise<Uint8Array> {
    return bytesOf(await this.request("file", { node, path }));
  }

  async aliases(node: string, add: string[], remove: string[]): Promise<Details> {
    return (await this.request("aliases", { node, add, remove })).result as Details;
  }

  async tags(node: string, add: string[], remove: string[]): Promise<Details> {
    return (await this.request("tags", { node, add, remove })).result as Details;
  }

  async text(node: string, text: string): Promise<Details> {
    return (await this.request("text", { node, text })).result as Details;
  }

  async load(node: string, replace: boolean): Promise<Loaded> {
    return (await this.request("load", { node, replace })).result as Loaded;
  }

  request(method: Method, params: Record<string, unknown> = {}) {
    const id = this.#next++;
    return new Promise<{ result: unknown; buffers: DataView[] }>((resolve, reject) => {
      if (this.#dead) return reject(new Error("The graph was closed."));
      const busy = setTimeout(() => this.#onBusy(true), BUSY_AFTER);
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        this.#settle();
        reject(new Error("The kernel does not answer: it is busy, or gone. Try again when it is idle."));
      }, TIMEOUT);
      const done = () => clearTimeout(busy);
      this.#waiting.set(id, {
        timer,
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
      });
      const message: Request = { kind: "request", id, method, params };
      try {
        this.#channel.send(message);
      } catch (error) {
        this.#take({ kind: "error", id, message: `The kernel is gone (${error}).` }, []);
      }
    });
  }

  #take(message: Answer, buffers: DataView[]) {
    const waiting = this.#waiting.get(message?.id);
    if (!waiting || (message.kind !== "reply" && message.kind !== "error")) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    this.#settle();
    if (message.kind === "reply") waiting.resolve({ result: message.result, buffers });
    else waiting.reject(new Error(message.message));
  }

  #settle() {
    if (this.#waiting.size === 0) this.#onBusy(false);
  }
}

function bytesOf({ buffers }: { buffers: DataView[] }): Uint8Array {
  const [view] = buffers;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** What an exported page carries. */
export interface PageData {
  graph: string;
  look: Look;
  details: Record<string, Details | { kind: "error"; message: string }>;
  blobs: Record<string, string>;
  blobsLeftOut: number;
}

/** The same answers from a page's own data. */
export class PageBackend implements Backend {
  constructor(private data: PageData) {}

  async describe(node: string): Promise<Details> {
    const found = this.data.details[node];
    if (!found) throw new Error("This page does not hold that node.");
    if (found.kind === "error") throw new Error(found.message);
    return found;
  }

  async blob(digest: string): Promise<Uint8Array> {
    const found = this.data.blobs[digest];
    if (!found) throw new Error("This picture was left out of the page to keep it small.");
    return fromBase64(found);
  }
}

export function fromBase64(text: string): Uint8Array {
  const marks = atob(text);
  const bytes = new Uint8Array(marks.length);
  for (let i = 0; i < marks.length; i++) bytes[i] = marks.charCodeAt(i);
  return bytes;
}
