import { expect, test } from "vitest";
import type { Details } from "../src/protocol";
import { State } from "../src/state";
import { answering, later, pipeline, versionDetails } from "./support";

const state = (level: "types" | "instances" = "types") => new State(pipeline(), level, answering(versionDetails()));

test("choosing an instance explodes the groups that hold it, and no others", () => {
  const here = state();
  here.select("v:3");
  expect([here.level.value, here.selected.value]).toEqual(["types", "v:3"]);
  expect(here.view.value.items.map(({ id }) => id)).toEqual(["t:dataset", "v:3", "j:clean", "j:train"]);
});

test.each(["t:dataset", "j:train", ""])("choosing %j leaves the level of types", (id) => {
  const here = state();
  here.select(id);
  expect([here.level.value, here.selected.value]).toEqual(["types", id]);
});

test.each([
  ["v:3", "Artifact net:v0, model"],
  ["r:b", "Run calm-lake-2, train"],
  ["t:dataset", "Artifact type dataset"],
  ["j:train", "Job type train"],
  ["v:99", "Artifact outside this graph"],
  ["r:zz", "Run outside this graph"],
])("choosing %j says %j", (id, said) => {
  const here = state();
  here.select(id);
  expect(here.said.value).toBe(said);
});

test.each([["v:3", "t:model"], ["r:b", "j:train"], ["", ""]])("collapsing with %j chosen chooses %j", (from, to) => {
  const here = state("instances");
  here.select(from);
  here.setLevel("types");
  expect([here.level.value, here.selected.value]).toEqual(["types", to]);
});

test("exploding a chosen type chooses nothing", () => {
  const here = state();
  here.select("t:dataset");
  here.setLevel("instances");
  expect([here.level.value, here.selected.value]).toEqual(["instances", ""]);
});

test("setting the level that is shown keeps what is chosen, and takes back what was exploded", () => {
  const here = state();
  here.select("t:dataset");
  here.explode("t:dataset");
  here.setLevel("types");
  expect(here.selected.value).toBe("t:dataset");
  expect(here.view.value.items).toHaveLength(4);
});

test("the view and the types follow the graph and the level", () => {
  const here = state();
  expect(here.view.value.items.map(({ id }) => id)).toEqual(["t:dataset", "t:model", "j:clean", "j:train"]);
  expect(here.types.value).toEqual(["dataset", "model"]);
  here.setLevel("instances");
  expect(here.view.value.items).toHaveLength(5);
});

test("details are asked for once", async () => {
  const backend = answering(versionDetails());
  const here = new State(pipeline(), "types", backend);
  const first = await here.details("v:1");
  expect(await here.details("v:1")).toBe(first);
  expect(here.known("v:1")).toBe(first);
  expect(backend.describe).toHaveBeenCalledTimes(1);
});

test("details are asked for anew once the graph was replaced", async () => {
  const backend = answering(versionDetails());
  const here = new State(pipeline(), "types", backend);
  await here.details("v:1");
  here.replace(pipeline());
  expect(here.known("v:1")).toBeUndefined();
  await here.details("v:1");
  expect(backend.describe).toHaveBeenCalledTimes(2);
});

test("details that were on the way while the graph was replaced are not kept", async () => {
  const answer = later<Details>();
  const here = new State(pipeline(), "types", { ...answering(), describe: () => answer.promise });
  const asked = here.details("v:1");
  here.replace(pipeline());
  const old = versionDetails();
  answer.resolve(old);
  expect(await asked).toBe(old);
  expect(here.known("v:1")).toBeUndefined();
});

test("an error is not kept: the next look asks again", async () => {
  const backend = answering();
  const here = new State(pipeline(), "types", backend);
  await expect(here.details("v:1")).rejects.toThrow("no node v:1");
  await expect(here.details("v:1")).rejects.toThrow("no node v:1");
  expect(backend.describe).toHaveBeenCalledTimes(2);
});

test("replacing keeps what is chosen and the level", () => {
  const here = state();
  here.select("v:3");
  here.replace(pipeline());
  expect([here.level.value, here.selected.value, here.revision.value]).toEqual(["types", "v:3", 1]);
});
