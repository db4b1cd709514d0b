/// <reference types="node" />
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeGraph } from "../src/protocol";

const here = (name: string) => new URL(name, import.meta.url);
const written = new Uint8Array(readFileSync(here("graph.bin")));
const expected = JSON.parse(readFileSync(here("graph.json"), "utf8"));

const plain = (bytes: Uint8Array | DataView) => {
  const { sources, targets, ...rest } = decodeGraph(bytes);
  return { ...rest, sources: [...sources], targets: [...targets] };
};

/** The same bytes with the header's text changed; padded anew. */
function withHeader(change: (header: any) => void): Uint8Array {
  const length = new DataView(written.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(written.subarray(4, 4 + length)));
  change(header);
  let text = JSON.stringify(header);
  text += " ".repeat((8 - ((new TextEncoder().encode(text).length + 4) % 8)) % 8);
  const encoded = new TextEncoder().encode(text);
  const made = new Uint8Array([...new Uint8Array(4), ...encoded, ...written.subarray(4 + length)]);
  new DataView(made.buffer).setUint32(0, encoded.length, true);
  return made;
}

test("what Python wrote is read as the same runs, versions and edges", () => {
  expect(plain(written)).toEqual(expected);
});

test.each([1, 2, 3, 5, 8])("bytes are read where the comm put them: %i into a buffer", (offset) => {
  const larger = new Uint8Array(written.length + offset + 3).fill(255);
  larger.set(written, offset);
  expect(plain(new DataView(larger.buffer, offset, written.length))).toEqual(expected);
});

test("the graph does not change with the buffer that it came in", () => {
  const lent = written.slice();
  const { sources } = decodeGraph(lent);
  const before = [...sources];
  lent.fill(0);
  expect([...sources]).toEqual(before);
});

test("a header that is rewritten without change reads the same", () => {
  expect(plain(withHeader(() => undefined))).toEqual(expected);
});

test("a format that this page does not know is refused by its number", () => {
  expect(() => decodeGraph(withHeader((header) => (header.format = 3)))).toThrow("unknown format 3");
});

test("bytes that were cut off are refused", () => {
  expect(() => decodeGraph(written.subarray(0, written.length - 8))).toThrow(RangeError);
});
