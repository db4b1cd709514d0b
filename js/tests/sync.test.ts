import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Told } from "../src/delta";
import { State } from "../src/state";
import { followKernel } from "../src/sync";
import { MESSAGES, plain } from "./deltas";
import { answering, FakeModel, graph, later, versionDetails } from "./support";

let model: FakeModel;
let state: State;
let stop: AbortController;
let ask: ReturnType<typeof vi.fn<() => Promise<Uint8Array[]>>>;

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
/** What Python answers: the whole graph of one message, the news of another. */
const answer = (whole: number, news: number) => [MESSAGES[whole].graph!, MESSAGES[news].news].map((each) => new Uint8Array(each.buffer));

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
    ask = vi.fn(async () => answer(WHOLE, WHOLE + 1));
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
    const answered = later<Uint8Array[]>();
    ask.mockReset().mockReturnValue(answered.promise);
    await come(WHOLE + 1, ["news", "changed"]);
    return answered;
  };

  test("are not read, and it is asked for, once", async () => {
    const answered = await begin();
    expect(shown()).toEqual(MESSAGES[0].all);
    await come(WHOLE + 1, ["changed"]);
    expect(ask).toHaveBeenCalledOnce();
    answered.resolve(answer(WHOLE, WHOLE + 1));
    await settle();
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
  });

  test("are read with it, also those that come later", async () => {
    (await begin()).resolve(answer(WHOLE, WHOLE + 1));
    await settle();
    await come(WHOLE + 2, ["news", "changed"]);
    expect(shown()).toEqual(MESSAGES[WHOLE + 2].all);
    expect(ask).toHaveBeenCalledOnce();
  });

  test("are asked for again with the next news, where nobody answered", async () => {
    (await begin()).reject(new Error("busy"));
    await settle();
    expect(shown()).toEqual(MESSAGES[0].all);
    ask.mockResolvedValue(answer(WHOLE, WHOLE + 1));
    await come(WHOLE + 1, ["changed"]);
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
  });

  test("make an answer of no help no reason to ask without end", async () => {
    (await begin()).resolve(answer(0, 0));
    await settle();
    expect(shown()).toEqual(MESSAGES[0].all);
    expect(ask).toHaveBeenCalledOnce();
  });

  test("change nothing once the view is gone", async () => {
    const answered = await begin();
    stop.abort();
    answered.resolve(answer(WHOLE, WHOLE + 1));
    await settle();
    expect(shown()).toEqual(MESSAGES[0].all);
  });
});

test("a whole graph that came in the meantime is newer than the one that was asked for", async () => {
  const newest = MESSAGES.findLastIndex((each) => each.graph);
  const answered = later<Uint8Array[]>();
  ask.mockReset().mockReturnValue(answered.promise);
  await come(WHOLE + 1, ["news", "changed"]);
  await come(newest);
  answered.resolve(answer(WHOLE, WHOLE + 1));
  await settle();
  expect(shown()).toEqual(MESSAGES[newest].all);
});

describe("an answer that was lost", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    stop.abort();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test("is asked for again, after ever longer pauses, until it is there", async () => {
    model.traits.news = MESSAGES[WHOLE + 1].news;
    follow();
    const asked: number[] = [];
    for (let second = 0; second <= 100; second++) {
      asked.push(ask.mock.calls.length);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([0, 1, 3, 7, 15, 31, 61, 91].map((second) => asked[second])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    ask.mockResolvedValue(answer(WHOLE, WHOLE + 1));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(shown()).toEqual(MESSAGES[WHOLE + 1].all);
  });

  test("is asked for no more of a kernel that is gone", async () => {
    model.traits.news = MESSAGES[WHOLE + 1].news;
    follow();
    state.gone.value = true;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(ask).toHaveBeenCalledOnce();
  });
});

test("a page whose connection is back asks for all, and has the news that were lost", async () => {
  const told = new Told(model);
  const back = followKernel(model, told, state, ask, stop.signal);
  ask.mockResolvedValue(answer(0, 2));
  back();
  back();
  await settle();
  expect(ask).toHaveBeenCalledOnce();
  expect(shown()).toEqual(MESSAGES[2].all);
});

test("nothing is listened to once the view is gone", async () => {
  expect(model.listening).toBe(2);
  model.set("changed", ["just before"]);
  stop.abort();
  expect(model.listening).toBe(0);
  state.replace(graph([]));
  model.set("changed", ["now"]);
  await settle();
  expect(state.graph.value.nodes).toHaveLength(0);
});
