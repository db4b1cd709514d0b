/// <reference types="node" />
import { build } from "esbuild";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";

const LARGEST = 120_000;

let bundle = "";

beforeAll(async () => {
  const { options } = await import(new URL("../options.mjs", import.meta.url).href);
  const { outputFiles } = await build({ ...options, write: false });
  bundle = outputFiles![0].text;
}, 60_000);

test("the bundle is at most 120 kB when gzipped", () => {
  expect(gzipSync(bundle).length).toBeLessThanOrEqual(LARGEST);
});

test("the bundle reads Markdown and holds nothing that writes HTML of it", () => {
  expect(bundle).toContain("blockquote");
  expect(bundle).not.toContain("<blockquote>");
});

test("the bundle is one module that fetches nothing of its own", () => {
  expect(bundle).toMatch(/export\s*\{/);
  expect(bundle).not.toMatch(/\bimport\s*\(|\bimport\s*["'{]|\bfetch\(\s*["'`]|XMLHttpRequest|@import|url\(\s*["']?http/);
});
