import { expect, test } from "vitest";
import { choices, EVERYTHING, fromInput, isActive, keptBy, toInput, type Filter } from "../src/filter";
import { State } from "../src/state";
import { answering, graph, pipeline, run, version } from "./support";

const found = graph(
  [
    version(1, "raw", { tags: ["public"] }),
    version(2, "net", { type: "model", aliases: ["latest"], state: "damaged" }),
    version(3, "net", { type: "model", number: 1, aliases: ["best"] }),
    run("a", "calm-lake-1", { tags: ["nightly"] }),
    run("b", "brisk-reed-2", { state: "failed" }),
    run("c", "plain-hill-3", { type: "check" }),
  ],
  [["v:1", "r:a"], ["r:a", "v:2"], ["v:1", "r:b"], ["r:b", "v:3"], ["v:3", "r:c"]],
);
const kept = (filter: Partial<Filter>) => {
  const mask = keptBy(found, { ...EVERYTHING, ...filter });
  return found.nodes.filter((_, i) => !mask || mask[i]).map(({ id }) => id);
};

test.each<[string, Partial<Filter>, string[]]>([
  ["no choice shows all", {}, ["v:1", "v:2", "v:3", "r:a", "r:b", "r:c"]],
  ["a type comes with the runs beside", { types: ["model"] }, ["v:2", "v:3", "r:a", "r:b", "r:c"]],
  ["a job type comes with the versions beside", { jobTypes: ["check"] }, ["v:3", "r:c"]],
  ["a type and a job type are only these", { types: ["model"], jobTypes: ["check"] }, ["v:2", "v:3", "r:c"]],
  ["two choices of a kind are either", { types: ["model", "dataset"] }, ["v:1", "v:2", "v:3", "r:a", "r:b", "r:c"]],
  ["choices of two kinds are both", { types: ["model"], aliases: ["best"] }, ["v:3", "r:b", "r:c"]],
  ["an alias is of versions", { aliases: ["latest"] }, ["v:2", "r:a"]],
  ["a tag is of versions and runs", { tags: ["public", "nightly"] }, ["v:1", "v:2", "r:a", "r:b"]],
  ["a run's state leaves versions to follow", { states: ["failed"] }, ["v:1", "v:3", "r:b"]],
  ["a version's state leaves runs to follow", { states: ["damaged"] }, ["v:2", "r:a"]],
  ["text is looked for in all, with what is beside", { text: "LAKE" }, ["v:1", "v:2", "r:a"]],
  ["every word must be there", { text: "net damaged" }, ["v:2", "r:a"]],
  ["a span of time is of runs and versions, both ends in it", { since: 2, until: 3 }, ["v:2", "v:3"]],
  ["what ran since then leaves out what it used", { since: 100 }, ["r:a", "r:b", "r:c"]],
  ["an open beginning", { until: 2 }, ["v:1", "v:2"]],
  ["a type in a span comes with no run from outside it", { types: ["model"], until: 2 }, ["v:2"]],
  ["a type in a span comes with the runs in it", { types: ["model"], since: 3 }, ["v:3", "r:b", "r:c"]],
  ["a span that ends before it begins has nothing", { since: 3, until: 2 }, []],
  ["what is nowhere leaves nothing", { text: "zebra" }, []],
])("%s", (_, filter, expected) => {
  expect(kept(filter)).toEqual(expected);
});

test("a state that both can have is looked for in both", () => {
  const some = graph(
    [version(1, "raw"), version(2, "raw", { number: 1, state: "deleted" }), run("a", "calm-lake-1"), run("b", "brisk-reed-2", { state: "deleted" })],
    [["v:1", "r:a"], ["r:a", "v:2"], ["r:b", "v:1"]],
  );
  const mask = keptBy(some, { ...EVERYTHING, states: ["deleted"] })!;
  expect(some.nodes.filter((_, i) => mask[i]).map(({ id }) => id)).toEqual(["v:2", "r:b"]);
});

test("only a choice makes a filter", () => {
  expect([isActive(EVERYTHING), isActive({ ...EVERYTHING, text: "  " }), isActive({ ...EVERYTHING, tags: ["a"] })]).toEqual([false, false, true]);
});

test("what can be picked is counted, the most frequent first", () => {
  const all = choices(found);
  expect([...all.types]).toEqual([["model", 2], ["dataset", 1]]);
  expect([...all.jobTypes]).toEqual([["train", 2], ["check", 1]]);
  expect([...all.tags.keys()]).toEqual(["public", "nightly"]);
  expect(all.states.get("finished")).toBe(2);
});

test("a minute of the input is in the span as a whole, and comes back as it was", () => {
  const minute = "2026-03-04T05:06";
  const [since, until] = [fromInput(minute, "since")!, fromInput(minute, "until")!];
  expect([new Date(since * 1000).getMinutes(), Math.round(until - since)]).toEqual([6, 60]);
  expect([toInput(since), toInput(until), toInput(null)]).toEqual([minute, minute, ""]);
  expect([fromInput("", "since"), fromInput("soon", "until")]).toEqual([null, null]);
});

test("a year that is still being typed is left as it is", () => {
  expect(toInput(fromInput("0002-03-04T05:06", "since"))).toBe("0002-03-04T05:06");
});

test.each(["types", "names", "instances"] as const)("at the level %s only what is in the span is shown", (level) => {
  const here = new State(pipeline(), level, answering());
  here.begin({ level, direction: "", focused: "", depth: 0, types: [], since: 35, until: 45 });
  expect(here.view.value.items.flatMap(({ members }) => members.map((place) => here.graph.value.nodes[place].id))).toEqual(["r:b"]);
});

test("groups count only what passes", () => {
  const here = new State(found, "types", answering());
  here.filter.value = { ...EVERYTHING, aliases: ["best"] };
  expect(here.view.value.items.map(({ id, note }) => [id, note])).toEqual([["t:model", "net · 1 version"], ["j:train", "1 run"], ["j:check", "1 run"]]);
});

test("choosing a node that does not pass takes the filter away", () => {
  const here = new State(pipeline(), "instances", answering());
  here.filter.value = { ...EVERYTHING, types: ["model"] };
  here.select("v:1");
  expect([here.filter.value, here.selected.value, here.view.value.place.has("v:1")]).toEqual([EVERYTHING, "v:1", true]);
});
