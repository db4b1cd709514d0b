/// <reference types="node" />
import { build } from "esbuild";
import { expect, test } from "vitest";

test("of each package that the bundle carries, the licence is passed on", async () => {
  const [{ options }, { carried, notices }] = await Promise.all(
    ["../options.mjs", "../notices.mjs"].map((path) => import(new URL(path, import.meta.url).href)),
  );
  const { metafile } = await build({ ...options, write: false, metafile: true });
  const names: string[] = carried(metafile);
  expect(names).toEqual(expect.arrayContaining(["@preact/signals", "marked", "preact", "uplot"]));
  const text: string = notices(metafile);
  for (const name of names) expect(text).toMatch(new RegExp(`^${name} \\d.*\\n\\n[^-]*Copyright`, "m"));
  expect(text).not.toContain("*/"); // it goes into a comment
}, 60_000);
