// Levels with single groups exploded, folded, clustered; neighbourhoods.
import { describe, expect, test } from "vitest";
import { holders, viewOf } from "../src/levels";
import { neighbourhood } from "../src/related";
import { State } from "../src/state";
import { answering, graph, pipeline, random, run, siblings, version } from "./support";

const ids = (here: State) => here.view.value.items.map(({ id }) => id);
const begin = (found = pipeline(), level: "types" | "names" | "instances" = "types") => new State(found, level, answering());

describe("names", () => {
  test("are artifacts by name and runs by job type", () => {
    const view = viewOf(pipeline(), "names");
    expect(view.items.map(({ id, kind }) => [id, kind])).toEqual([
      ["c:raw", "name"], ["c:clean", "name"], ["c:net", "name"], ["j:clean", "type"], ["j:train", "type"],
    ]);
  });

  test("tell their type, how many versions they have, and aliases that not all have", () => {
    const found = graph([version(1, "net", { type: "model" }), version(2, "net", { type: "model", number: 1, aliases: ["latest", "best"] })]);
    expect(viewOf(found, "names").items[0]).toMatchObject({ title: "net", note: "model · 2 versions", badges: ["best"] });
  });

  test("five or more of a type with the same neighbours are one cluster", () => {
    const view = viewOf(siblings(), "names");
    expect(view.items.map(({ id }) => id)).toEqual(["k:c:raw-1", "c:odd", "c:net", "j:train", "j:check"]);
    expect(view.items[0]).toMatchObject({ kind: "cluster", title: "8 × dataset", note: "names alike · 8 versions" });
    expect(view.arrows[0]).toEqual({ source: 0, target: 3, count: 8 });
  });

  test("four are not", () => {
    expect(viewOf(siblings(4), "names").items).toHaveLength(8);
  });

  test("job types alike are a cluster too, at the level of names alone", () => {
    const found = graph(Array.from({ length: 6 }, (_, i) => run(`${i}`, `r-${i}`, { type: `job-${i}` })));
    expect(viewOf(found, "names").items).toMatchObject([{ title: "6 job types", note: "6 runs", kind: "cluster" }]);
    expect(viewOf(found, "types").items).toHaveLength(6);
  });
});

describe("exploding and folding", () => {
  test("a type gives way to its names, the rest stays", () => {
    const here = begin();
    here.explode("t:dataset");
    expect(ids(here)).toEqual(["c:raw", "c:clean", "t:model", "j:clean", "j:train"]);
  });

  test("a type with one name gives way to its versions at once", () => {
    const here = begin();
    here.explode("t:model");
    expect(ids(here)).toContain("v:3");
  });

  test("a name gives way to its versions, a job type to its runs", () => {
    const here = begin(pipeline(), "names");
    here.explode("c:raw");
    here.explode("j:train");
    expect(ids(here)).toEqual(["v:1", "c:clean", "c:net", "j:clean", "r:b"]);
  });

  test("what is around a cluster stays around its names once it is exploded", () => {
    const here = begin(siblings(), "names");
    const { id } = here.view.value.items.find(({ kind }) => kind === "cluster")!;
    here.look(id, 1);
    const around = here.view.value.items.filter((item) => item.id !== id).map((item) => item.id);
    here.explode(id);
    const names = here.view.value.items.map((item) => item.id);
    expect(names).toEqual(expect.arrayContaining([...around, "c:raw-1", "c:raw-8"]));
    expect(names).toHaveLength(around.length + 8);
    here.look(id, 2);
    expect(here.trail.value).toMatchObject([{ id, depth: 2, title: "8 × dataset" }]);
    expect(here.view.value.items.length).toBeGreaterThanOrEqual(names.length);
  });

  test("a cluster gives way to its names, which stay apart when others come", () => {
    const here = begin(siblings(), "names");
    here.explode("k:c:raw-1");
    expect(ids(here)).toContain("c:raw-8");
    here.selected.value = "k:c:raw-1";
    expect(here.told.value).toBe("");
    here.replace(siblings(9));
    expect(ids(here).filter((id) => id.startsWith("c:raw"))).toHaveLength(9);
  });

  test.each(["types", "names", "instances"] as const)("what was exploded folds again, at the level of %s", (level) => {
    const here = begin(pipeline(), level);
    const before = ids(here);
    here.fold("t:dataset");
    expect(ids(here)[0]).toBe("t:dataset");
    expect(ids(here)).not.toContain("v:1");
    here.explode("t:dataset");
    if (level !== "types") expect(ids(here)).toEqual(before);
    else expect(ids(here)).toContain("c:raw");
  });

  test("folding a type takes its exploded names with it, and chooses it where a part was chosen", () => {
    const here = begin();
    here.select("v:1");
    expect(ids(here)).toContain("v:1");
    here.fold("t:dataset");
    expect([here.selected.value, ids(here).length]).toEqual(["t:dataset", 4]);
    here.explode("t:dataset");
    expect(ids(here)).not.toContain("v:1");
  });

  test("a node says what it folds into", () => {
    const here = begin();
    expect(["v:1", "r:a", "c:raw", "t:dataset", "v:99"].map((id) => here.foldsInto(id))).toEqual(["c:raw", "j:clean", "t:dataset", "", ""]);
  });

  test.each([1, 2, 3])("each instance is in just one item whatever is exploded or folded (seed %i)", (seed) => {
    const here = begin(siblings(), "names");
    const next = random(seed);
    for (let step = 0; step < 40; step++) {
      const { items } = here.view.value;
      const { id, kind } = items[Math.floor(next() * items.length)];
      if (kind === "instance" || next() < 0.4) here.foldsInto(id) && here.fold(here.foldsInto(id));
      else here.explode(id);
      const members = here.view.value.items.flatMap((item) => item.members).sort((a, b) => a - b);
      expect(members).toEqual([...here.graph.value.nodes.keys()]);
      here.view.value.of.forEach((at, i) => expect(here.view.value.items[at].members).toContain(i));
    }
  });
});

describe("what is around a node", () => {
  test.each([1, 2, 3, 4, 5, 6])("of all instances is what the whole view has there (seed %i)", (seed) => {
    const next = random(seed);
    const nodes = Array.from({ length: 40 }, (_, i) => (i % 2 ? run(`${i}`, `r-${i}`) : version(i, `n-${i % 7}`)));
    const pick = () => nodes[Math.floor(next() * nodes.length)].id;
    const found = graph(nodes, Array.from({ length: 60 }, (): [string, string] => [pick(), pick()]));
    const kept = Uint8Array.from(nodes, () => Number(next() < 0.8));
    for (const id of [pick(), pick(), "c:n-2", "j:train"]) {
      const all = viewOf(found, "instances", { kept });
      const depth = 1 + Math.floor(next() * 3);
      const near = viewOf(found, "instances", { kept, around: { id, depth } });
      const slow = neighbourhood(all, holders(found, all, id), depth);
      expect(near.items).toEqual(slow.items);
      expect(new Set(near.arrows.map((each) => JSON.stringify(each)))).toEqual(new Set(slow.arrows.map((each) => JSON.stringify(each))));
      expect([near.of, near.place]).toEqual([slow.of, slow.place]);
    }
  });

  test("is what led to it and came of it within so many steps", () => {
    const here = begin(pipeline(), "instances");
    here.look("v:2", 1);
    expect(ids(here)).toEqual(["v:2", "r:a", "r:b"]);
    here.look("v:2", 2);
    expect(ids(here)).toHaveLength(5);
    expect(here.trail.value).toEqual([{ id: "v:2", depth: 2 }]);
  });

  test("is not what else came of what led to it", () => {
    const here = begin(siblings(), "instances");
    here.look("v:1", 9);
    expect(ids(here)).toEqual(["v:1", "v:91", "r:a"]);
  });

  test("at another level is around the group that holds it", () => {
    const here = begin(pipeline(), "instances");
    here.look("v:2", 1);
    here.setLevel("types");
    expect(ids(here)).toEqual(["t:dataset", "j:clean", "j:train"]);
  });

  test("is left step by step, and the whole graph comes back", () => {
    const here = begin(pipeline(), "instances");
    here.look("v:2", 1);
    here.look("r:a", 1);
    expect(ids(here)).toEqual(["v:1", "v:2", "r:a"]);
    here.back(1);
    expect(ids(here)).toEqual(["v:2", "r:a", "r:b"]);
    here.back(0);
    expect(ids(here)).toHaveLength(5);
  });

  test("gives way to a node that is chosen outside of it", () => {
    const here = begin(pipeline(), "instances");
    here.look("v:1", 1);
    here.select("v:3");
    expect([here.trail.value, ids(here)]).toEqual([[], ["v:1", "v:2", "v:3", "r:a", "r:b"]]);
  });

  test("has at least one step, and not more than the page shows", () => {
    const here = begin();
    here.look("v:1", 0);
    here.look("v:1", 99);
    expect(here.trail.value).toEqual([{ id: "v:1", depth: 9 }]);
  });
});
