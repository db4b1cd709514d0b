import { beforeEach, describe, expect, test, vi } from "vitest";
import { Told } from "../src/delta";
import { State } from "../src/state";
import { followKernel } from "../src/sync";
import { MESSAGES, plain } from "./deltas";
import { answering, FakeModel, graph, later, versionDetails } from "./support";

let model: FakeModel;
let state: State;
let stop: AbortController;
let ask: ReturnType<typeof vi.fn<() => Promise<Uint8Array>>>;

/** Let a view follow the model, as one that opens now. */
function follow() {
  const told = new Told(model);
  state = new State(told.now() ?? told.whole, "types", answering(versionDetails()));
  followKernel(model, told, state, ask, stop.signal);
}

beforeEach(() => {
  model = new FakeModel({ graph: MESSAGES[0].graph, news: MESSAGES[0].news });
  stop = new AbortController();
  ask = vi.fn(async () => Promise.reject(new Error("nobody was to be asked")));
  follow();
});

/** Let a message come; of several traits the first ones are told of before the next are set. */
async function come(at: number, traits: ("changed" | "graph" | "news")[] = ["graph", "news", "changed"]) {
  const { graph, news } = MESSAGES[at];
  const came = { changed: [String(at)], graph, news };
  for (const trait of traits) if (came[trait]) model.set(trait, came[trait]);
  await settle();
}
const settle = () => new Promise((done) => setTimeout(done));
/** What is shown; a state marks what is stale. */
const shown = () => {
  const found = plain(state.graph.value);
  return { ...found, nodes: found.nodes.map((node) => (node.state === "stale" ? { ...node, state: "live" } : node)) };
};
/** The place of a whole graph after which news come. */
const WHOLE = MESSAGES.findIndex((each, at) => at && each.graph && MESSAGES[at + 1].news.byteLength);
const bytesOf = (view: DataView) => new Uint8Array(view.buffer);

test("each change is read from what came with it, and makes details stale", async () => {
  await state.details("v:1");
  for (let at = 1; at < MESSAGES.length; at++) {
    await come(at);
    expect([shown(), MESSAGES[at].what]).toEqual([MESSAGES[at].all, MESSAGES[at].what]);
  }
  expect(state.known("v:1")).toBeUndefined();
  expect(ask).not.toHaveBeenCalled();
});

test("where only a run's details changed they are asked anew", async () => {
  await state.details("v:1");
  const before = state.revision.value;
  model.set("changed", ["now", "r:aaaa0001"]);
  await settle();
  expect([state.known("v:1"), state.revision.value]).toEqual([undefined, before + 1]);
});

test("the graph is replaced once for each message, though several traits changed", async () => {
  model.set("news", MESSAGES[1].news);
  await settle();
  expect(state.revision.value).toBe(0);
  await come(1, ["news", "changed"]);
  expect(state.revision.value).toBe(1);
});

test.each([1, WHOLE])("what comes after the word of it in the same message %i is shown", async (at) => {
  await come(at, ["changed", "news", "graph"]);
  expect(shown()).toEqual(MESSAGES[at].all);
});

describe("a second view of the same model", () => {
  test("has all that there is", async () => {
    for (let at = 1; at <= WHOLE + 1; at++) await come(at);
    follow();
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
    expect(ask).not.toHaveBeenCalled();
    await come(WHOLE + 2);
    expect(shown()).toEqual(MESSAGES[WHOLE + 2].all);
  });

  test("asks, where the whole graph was lost before it opened", async () => {
    ask = vi.fn(async () => bytesOf(MESSAGES[WHOLE].graph!));
    model.traits.news = MESSAGES[WHOLE + 1].news;
    follow();
    await settle();
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
    expect(ask).toHaveBeenCalledOnce();
  });
});

test("after news that were lost the next ones tell all", async () => {
  await come(2);
  expect(shown()).toEqual(MESSAGES[2].all);
  expect(ask).not.toHaveBeenCalled();
});

describe("news of a whole graph that was lost", () => {
  const begin = async () => {
    const answer = later<Uint8Array>();
    ask.mockReset().mockReturnValue(answer.promise);
    await come(WHOLE + 1, ["news", "changed"]);
    return answer;
  };

  test("are not read, and it is asked for, once", async () => {
    const answer = await begin();
    expect(shown()).toEqual(MESSAGES[0].all);
    await come(WHOLE + 1, ["changed"]);
    expect(ask).toHaveBeenCalledOnce();
    answer.resolve(bytesOf(MESSAGES[WHOLE].graph!));
    await settle();
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
  });

  test("are read with it, also those that come later", async () => {
    (await begin()).resolve(bytesOf(MESSAGES[WHOLE].graph!));
    await settle();
    await come(WHOLE + 2, ["news", "changed"]);
    expect(shown()).toEqual(MESSAGES[WHOLE + 2].all);
    expect(ask).toHaveBeenCalledOnce();
  });

  test("are asked for again with the next news, where nobody answered", async () => {
    (await begin()).reject(new Error("busy"));
    await settle();
    expect(shown()).toEqual(MESSAGES[0].all);
    ask.mockResolvedValue(bytesOf(MESSAGES[WHOLE].graph!));
    await come(WHOLE + 1, ["changed"]);
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
  });

  test("make an answer of no help no reason to ask without end", async () => {
    (await begin()).resolve(bytesOf(MESSAGES[0].graph!));
    await settle();
    expect(shown()).toEqual(MESSAGES[0].all);
    expect(ask).toHaveBeenCalledOnce();
  });

  test("change nothing once the view is gone", async () => {
    const answer = await begin();
    stop.abort();
    answer.resolve(bytesOf(MESSAGES[WHOLE].graph!));
    await settle();
    expect(shown()).toEqual(MESSAGES[0].all);
  });
});

test("a whole graph that came in the meantime is newer than the one that was asked for", async () => {
  const newest = MESSAGES.findLastIndex((each) => each.graph);
  const answer = later<Uint8Array>();
  ask.mockReset().mockReturnValue(answer.promise);
  await come(WHOLE + 1, ["news", "changed"]);
  await come(newest);
  answer.resolve(bytesOf(MESSAGES[WHOLE].graph!));
  await settle();
  expect(shown()).toEqual(MESSAGES[newest].all);
});

test("level, focus and the part that is shown follow Python", () => {
  model.set("look", { level: "names", direction: "", focused: "v:3", depth: 1, types: ["dataset", "train"] });
  expect([state.selected.value, state.level.value, state.trail.value]).toEqual(["v:3", "names", [{ id: "v:3", depth: 1 }]]);
  expect(state.filter.value).toMatchObject({ types: ["dataset"], jobTypes: ["train"] });
  model.set("look", { level: "types", direction: "", focused: "", depth: 0, types: [] });
  expect([state.level.value, state.trail.value, state.filter.value.types]).toEqual(["types", [], []]);
});

test("nothing is listened to once the view is gone", async () => {
  expect(model.listening).toBe(3);
  model.set("changed", ["just before"]);
  stop.abort();
  expect(model.listening).toBe(0);
  state.replace(graph([]));
  model.set("changed", ["now"]);
  await settle();
  expect(state.graph.value.nodes).toHaveLength(0);
});
