import { describe, expect, test } from "vitest";
import { follow, Told } from "../src/delta";
import { decodeGraph } from "../src/protocol";
import { MESSAGES, plain } from "./deltas";
import { FakeModel } from "./support";

/** A model after the first messages, some of which never came. */
function after(count: number, lost: number[] = []): FakeModel {
  const model = new FakeModel();
  MESSAGES.slice(0, count).forEach(({ graph, news }, at) => {
    if (!lost.includes(at)) Object.assign(model.traits, { news, ...(graph ? { graph } : {}) });
  });
  return model;
}

/** What Python answers: the whole graph of one message, the news of another. */
const answer = (whole: number, news: number) => async () => [MESSAGES[whole].graph!, MESSAGES[news].news].map((each) => new Uint8Array(each.buffer));

const wholes = MESSAGES.flatMap(({ graph }, at) => (graph ? [at] : []));

describe("a page has all that there is", () => {
  test.each(MESSAGES.map(({ what }, at) => [what, at] as const))("when %s", (_, at) => {
    const told = new Told(after(at + 1)); // as one that opens then
    expect(plain(told.now()!)).toEqual(MESSAGES[at].all);
  });

  test("though it reads all messages one by one, or only some", () => {
    for (const every of [1, 2, 3, 5]) {
      const model = after(1);
      const told = new Told(model);
      MESSAGES.forEach(({ all }, at) => {
        Object.assign(model.traits, after(at + 1).traits);
        if (at % every === 0) expect(plain(told.now()!)).toEqual(all);
      });
    }
  });

  test("with the next message after one that was lost, unless that was the whole graph", () => {
    for (let lost = 1; lost < MESSAGES.length - 1; lost++) {
      const now = new Told(after(lost + 2, [lost])).now();
      if (wholes.includes(lost) && !wholes.includes(lost + 1) && MESSAGES[lost + 1].news.byteLength) expect(now).toBeNull();
      else expect(plain(now!)).toEqual(MESSAGES[lost + 1].all);
    }
  });
});

test("the whole graph that was lost makes it all again", async () => {
  const lost = wholes.find((at) => at && !wholes.includes(at + 1))!;
  const told = new Told(after(lost + 2, [lost]));
  expect(told.now()).toBeNull();
  await told.ask(answer(lost, lost + 1));
  expect(plain(told.now()!)).toEqual(MESSAGES[lost + 1].all);
});

test("the news that were lost are in the answer, until the model has newer ones", async () => {
  const model = after(5);
  const told = new Told(model);
  await told.ask(answer(3, 5));
  expect(plain(told.now()!)).toEqual(MESSAGES[5].all);
  Object.assign(model.traits, after(9).traits);
  expect(plain(told.now()!)).toEqual(MESSAGES[8].all);
});

test("news that came while it was asked are newer than the answer", async () => {
  const model = after(4);
  const told = new Told(model);
  await told.ask(async () => {
    Object.assign(model.traits, { news: MESSAGES[5].news });
    return answer(3, 4)();
  });
  expect(plain(told.now()!)).toEqual(MESSAGES[5].all);
});

test("a model that was told nothing has all from the answer", async () => {
  const told = new Told(new FakeModel({ graph: new DataView(new ArrayBuffer(0)) }));
  expect([told.now(), told.whole.nodes]).toEqual([null, []]);
  await told.ask(answer(0, 1));
  expect(plain(told.now()!)).toEqual(MESSAGES[1].all);
});

test("news of an older whole graph, and an older whole graph, change nothing", async () => {
  const [first, last] = [wholes[0], wholes.at(-1)!];
  const told = new Told(after(last + 1));
  await told.ask(answer(first, first + 1));
  expect(plain(told.now()!)).toEqual(MESSAGES[last].all);
  expect(follow(told.whole, MESSAGES[first + 1].news)).toBe(told.whole);
});

test("news leave the graph that they are of as it was", () => {
  const whole = decodeGraph(MESSAGES[0].graph!);
  follow(whole, MESSAGES[1].news);
  expect(plain(whole)).toEqual(MESSAGES[0].all);
});

test.each([[undefined], [new Uint8Array()]])("no news (%s) is the whole graph", (news) => {
  const whole = decodeGraph(MESSAGES[0].graph!);
  expect(follow(whole, news)).toBe(whole);
});
