// @vitest-environment happy-dom
/// <reference types="node" />
import { readFileSync } from "node:fs";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { State } from "../src/state";
import { open, stubBrowser, type Page } from "./page";
import { answering, pipeline } from "./support";

const source = readFileSync(`${import.meta.dirname}/../src/testhook.ts`, "utf8");
const pages: Page[] = [];

function begin(level: "types" | "instances") {
  const state = new State(pipeline(), level, answering());
  pages.push(open(state));
  return state;
}

const views = () => globalThis.__artnb!.views;

beforeEach(() => void stubBrowser());
afterEach(() => pages.splice(0).forEach((page) => page.close()));

test("every mounted graph is listed, the oldest first, until it is gone", () => {
  begin("types");
  begin("instances");
  expect(views().map(({ level }) => level)).toEqual(["types", "instances"]);
  pages.shift()!.close();
  expect(views().map(({ level }) => level)).toEqual(["instances"]);
});

test("a view follows its state and finds nodes by id", () => {
  const state = begin("types");
  expect(views()[0].nodes().map(({ title }) => title)).toEqual(["dataset", "model", "clean", "train"]);
  act(() => state.select("v:3"));
  expect([views()[0].level, views()[0].selected]).toEqual(["types", "v:3"]);
  expect(views()[0].node("v:3")!.title).toBe("net:v0");
  expect(views()[0].node("v:99")).toBeUndefined();
});

test("the comment names exactly what a view has", () => {
  begin("types");
  const named = [...source.matchAll(/^\/\/ .*\bview\.\w+.*$/gm)].flatMap(([line]) => [...line.matchAll(/view\.(\w+)/g)].map(([, name]) => name));
  expect([...new Set(named)].sort()).toEqual(Object.keys(views()[0]).sort());
});
