// Requests to Python: an id, a reply, a timeout, an error; and the same over a page's own data.

import { compareBeginnings, compareDetails, inOrder } from "./pagediff";
import type { Answer, Comparison, Details, FileComparison, FileDetails, FoundFiles, Loaded, Look, Method, Preview, Request, VersionDetails } from "./protocol";
import { filesCalled } from "./search";
import { t, told, type Sentence } from "./texts";

/** What the panel asks of whoever holds the data. */
export interface Backend {
  describe(node: string): Promise<Details>;
  blob(digest: string): Promise<Uint8Array>;
  /** Whether `blob` has it; absent where it has all. */
  holds?(digest: string): boolean;
  /** Add and take aliases of a version; absent, as the next two, where nothing can be changed. */
  aliases?(node: string, add: string[], remove: string[]): Promise<Details>;
  /** Add and take tags of a version or a run. */
  tags?(node: string, add: string[], remove: string[]): Promise<Details>;
  /** Write a version's description or a run's notes. */
  text?(node: string, text: string): Promise<Details>;
  /** Files of a version that `describe` has not told of; absent where nobody knows of them. */
  files?(node: string, find: string, after: number): Promise<FoundFiles>;
  /** Whether `files` knows all of a version; absent where it always does. */
  lists?(details: VersionDetails): boolean;
  /** The beginning of a version's file. */
  preview(node: string, path: string): Promise<Preview>;
  /** A whole file that is not too large for a message. */
  file?(node: string, path: string): Promise<Uint8Array>;
  /** Put a version's values into the notebook; `replace`: also where that loses a value. */
  load?(node: string, replace: boolean): Promise<Loaded>;
  /** Which files of two versions differ. */
  compare(node: string, other: string): Promise<Comparison>;
  /** How one file that changed differs. */
  compareFile(node: string, other: string, path: string): Promise<FileComparison>;
  /** An address that a browser downloads a file from. */
  link?(node: string, path: string): string;
}

/** The part of a widget model that carries messages. */
export interface Channel {
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event: string, callback: (...args: any[]) => void): void;
  /** Whether the kernel's end is there; absent where the host does not know. */
  comm_live?: boolean;
  /** JupyterLab's and Notebook 7's own end. */
  comm?: { jsServicesComm?: { isDisposed: boolean } };
}

type Listening = { connect(slot: () => void): void; disconnect(slot: () => void): void };

/** A kernel's connection, in hosts that show it (JupyterLab, Notebook 7). */
export interface Kernel {
  status: string;
  isDisposed: boolean;
  statusChanged: Listening;
  disposed: Listening;
  connectionStatus?: string;
  connectionStatusChanged?: Listening;
}

/** What a person is told while requests wait. */
export interface Told {
  busy(now: boolean): void;
  gone(now: boolean): void;
  /** The connection was lost and is back: what was said meanwhile may be lost. */
  back?(): void;
}

const TIMEOUT = 30_000;
const BUSY_AFTER = 1_500;
/** After these nothing that the kernel knew is left, also where it is started anew. */
const ENDINGS = ["restarting", "autorestarting", "terminating", "dead"];

const gone = () => t("The kernel is gone: this is what it said last. Run the cell again.");

interface Waiting {
  resolve(value: { result: unknown; buffers: DataView[] }): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
  message: Request;
}

/** Requests over a widget model, alive until `signal` aborts. */
export class KernelBackend implements Backend {
  #channel: Channel;
  #next = 1;
  #waiting = new Map<number, Waiting>();
  #told: Told;
  #dead = false;
  #ended = false;

  constructor(channel: Channel, signal: AbortSignal, told: Told, kernel?: Kernel | null) {
    this.#channel = channel;
    this.#told = told;
    // A view that opens after the kernel has ended hears of no ending.
    this.#ended = channel.comm?.jsServicesComm?.isDisposed ?? false;
    if (kernel) this.#follow(kernel, signal);
    const listen = (message: Answer, buffers: DataView[] = []) => this.#take(message, buffers);
    const life = () => {
      this.#ended &&= !channel.comm_live;
      this.#life();
    };
    channel.on("msg:custom", listen);
    channel.on("comm_live_update", life);
    this.#life();
    signal.addEventListener("abort", () => {
      this.#dead = true;
      channel.off("msg:custom", listen);
      channel.off("comm_live_update", life);
      this.#rejectAll(t("The graph was closed."));
    });
  }

  get gone(): boolean {
    return this.#ended || this.#channel.comm_live === false;
  }

  // JupyterLab says nothing on the comm of a kernel that was shut down or has died.
  #follow(kernel: Kernel, signal: AbortSignal) {
    const look = () => {
      if (this.#ended || !(kernel.isDisposed || ENDINGS.includes(kernel.status))) return;
      this.#ended = true;
      this.#life();
    };
    let connected = true;
    const reconnect = () => {
      const before = connected;
      connected = kernel.connectionStatus === "connected";
      if (before || !connected) return;
      // Asked twice, each is answered twice with the same; the first answer counts.
      for (const { message } of this.#waiting.values()) this.#send(message);
      this.#told.back?.();
    };
    const heard = [[kernel.statusChanged, look], [kernel.disposed, look], [kernel.connectionStatusChanged, reconnect]] as const;
    for (const [signal, slot] of heard) signal?.connect(slot);
    signal.addEventListener("abort", () => heard.forEach(([signal, slot]) => signal?.disconnect(slot)));
  }

  #life() {
    if (this.gone) this.#rejectAll(gone());
    this.#told.gone(this.gone);
    this.#settle();
  }

  #rejectAll(why: string) {
    for (const each of this.#waiting.values()) {
      clearTimeout(each.timer);
      each.reject(new Error(why));
    }
    this.#waiting.clear();
  }

  async describe(node: string): Promise<Details> {
    return (await this.request("describe", { node })).result as Details;
  }

  async blob(digest: string): Promise<Uint8Array> {
    return bytesOf(await this.request("blob", { digest }));
  }

  async files(node: string, find: string, after: number): Promise<FoundFiles> {
    return (await this.request("files", { node, find, after })).result as FoundFiles;
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

  async compare(node: string, other: string): Promise<Comparison> {
    return (await this.request("compare", { node, other })).result as Comparison;
  }

  async compareFile(node: string, other: string, path: string): Promise<FileComparison> {
    return (await this.request("compare_file", { node, other, path })).result as FileComparison;
  }

  /** Say that the page looks, until `signal` aborts; what it missed before is pushed. */
  async watch(signal: AbortSignal): Promise<void> {
    const page = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    signal.addEventListener("abort", () => this.#send({ kind: "request", id: 0, method: "watch", params: { page, looking: false } }));
    await this.request("watch", { page, looking: true });
  }

  /** All that Python told of the graph: a whole one, and the news of it. */
  async graph(): Promise<Uint8Array[]> {
    return (await this.request("graph")).buffers.map(bytes);
  }

  request(method: Method, params: Record<string, unknown> = {}) {
    const id = this.#next++;
    return new Promise<{ result: unknown; buffers: DataView[] }>((resolve, reject) => {
      if (this.#dead) return reject(new Error(t("The graph was closed.")));
      if (this.gone) return reject(new Error(gone()));
      const busy = setTimeout(() => this.#told.busy(true), BUSY_AFTER);
      const timer = setTimeout(() => {
        // A kernel that the host knows to be there answers in the end, however long its cell is.
        if (this.#channel.comm_live) return;
        this.#waiting.delete(id);
        this.#settle();
        reject(new Error(t("The kernel does not answer: it is busy, or gone. Try again when it is idle.")));
      }, TIMEOUT);
      const done = () => clearTimeout(busy);
      const message: Request = { kind: "request", id, method, params };
      this.#waiting.set(id, {
        timer,
        message,
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
      });
      this.#send(message);
    });
  }

  #send(message: Request) {
    try {
      this.#channel.send(message);
    } catch (error) {
      this.#take({ kind: "error", id: message.id, message: t("The kernel is gone ({0}).", String(error)) }, []);
    }
  }

  #take(message: Answer, buffers: DataView[]) {
    const waiting = this.#waiting.get(message?.id);
    if (!waiting || (message.kind !== "reply" && message.kind !== "error")) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    this.#settle();
    if (message.kind === "reply") waiting.resolve({ result: message.result, buffers });
    else waiting.reject(new Error(told(message)));
  }

  #settle() {
    if (this.#waiting.size === 0) this.#told.busy(false);
  }
}

const bytes = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const bytesOf = ({ buffers }: { buffers: DataView[] }) => bytes(buffers[0]);

/** What an exported page carries. */
export interface PageData {
  graph: string;
  look: Look;
  /** Each without what it shares with others: those are `shared`, by their places. */
  details: Record<string, (Details | ({ kind: "error" } & Sentence)) & { shared?: Record<string, number> }>;
  shared: unknown[];
  /** The beginnings of files, by node and path. */
  previews: Record<string, Record<string, Preview>>;
  blobs: Record<string, string>;
  blobsLeftOut: number;
}

/** The same answers from a page's own data. */
export class PageBackend implements Backend {
  constructor(private data: PageData) {}

  async describe(node: string): Promise<Details> {
    const found = this.data.details[node];
    if (!found) throw new Error(t("This page does not hold that node."));
    if (found.kind === "error") throw new Error(told(found));
    const { shared, ...own } = found;
    for (const key in shared) (own as any)[key] = this.data.shared[shared[key]];
    return own as Details;
  }

  lists({ rest }: VersionDetails): boolean {
    return rest !== undefined;
  }

  async files(node: string, find: string, after: number): Promise<FoundFiles> {
    const { files, rest } = (await this.describe(node)) as VersionDetails;
    const [paths, sizes, formats] = await unpacked(rest!);
    const others = paths.map((path, i): FileDetails => ({ path, size: sizes[i], format: formats[i], variable: null, digest: "", ref: null, meta: {}, picture: false }));
    const found = filesCalled([...files, ...others], find);
    const upto = after + files.length;
    return { files: found.slice(after, upto), more: Math.max(0, found.length - upto) };
  }

  async preview(node: string, path: string): Promise<Preview> {
    return this.#beginning(node, path) ?? { kind: "nothing", message: t("The content of this file was left out of the page to keep it small.") };
  }

  /** A file may be called `constructor`, as what each object has. */
  #beginning(node: string, path: string): Preview | undefined {
    const files = this.data.previews[node];
    return files && Object.hasOwn(files, path) ? files[path] : undefined;
  }

  async compare(node: string, other: string): Promise<Comparison> {
    return compareDetails(...(await this.#both(node, other)));
  }

  async compareFile(node: string, other: string, path: string): Promise<FileComparison> {
    const [old, now] = await this.#both(node, other);
    const whole = [old, now].map(({ project, ref }) => `${project}/${ref}`);
    const otherwise = t("this page does not hold their contents. In the notebook: %artnb diff {0} {1}", ...whole);
    return compareBeginnings(this.#beginning(old.node, path), this.#beginning(now.node, path), otherwise);
  }

  async #both(node: string, other: string) {
    return inOrder((await this.describe(node)) as VersionDetails, (await this.describe(other)) as VersionDetails);
  }

  holds(digest: string): boolean {
    return Object.hasOwn(this.data.blobs, digest);
  }

  async blob(digest: string): Promise<Uint8Array> {
    const found = this.data.blobs[digest];
    if (!found) throw new Error(t("This picture was left out of the page to keep it small."));
    return fromBase64(found);
  }
}

async function unpacked(text: string): Promise<[string[], number[], string[]]> {
  const stream = new Blob([fromBase64(text) as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

export function fromBase64(text: string): Uint8Array {
  const marks = atob(text);
  const bytes = new Uint8Array(marks.length);
  for (let i = 0; i < marks.length; i++) bytes[i] = marks.charCodeAt(i);
  return bytes;
}
