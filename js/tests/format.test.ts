import { expect, test } from "vitest";
import { ago, bytes, duration, number, when } from "../src/format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9_940, "9.9 kB"],
  [12_345, "12 kB"],
  [999_400, "999 kB"],
  [999_600, "1.0 MB"],
  [52_428_800, "52 MB"],
  [3_200_000_000, "3.2 GB"],
  [5e12, "5.0 TB"],
])("%d bytes read %j", (count, text) => {
  expect(bytes(count)).toBe(text);
});

test.each([
  [0.0123, "12 ms"],
  [0.9999, "1.0 s"],
  [1.26, "1.3 s"],
  [59.94, "59.9 s"],
  [59.97, "1 min 0 s"],
  [61, "1 min 1 s"],
  [119.7, "2 min 0 s"],
  [3599.8, "1 h 0 min"],
  [7265, "2 h 1 min"],
])("%d seconds last %j", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

const NOW = 1_700_000_000;

test.each([
  [0, "just now"],
  [59, "just now"],
  [60, "1 minute ago"],
  [3599, "59 minutes ago"],
  [3600, "1 hour ago"],
  [86_399, "23 hours ago"],
  [86_400, "1 day ago"],
  [30 * 86_400, "30 days ago"],
])("%d seconds past read %j", (past, text) => {
  expect(ago(NOW - past, NOW)).toBe(text);
});

test("a month and more is given as a date", () => {
  const then = NOW - 31 * 86_400;
  expect(ago(then, NOW)).toBe(when(then));
});

test("a time that the kernel's clock has ahead of the page's is just now", () => {
  expect(ago(NOW + 500, NOW)).toBe("just now");
});

test("a date has its year", () => {
  expect(when(NOW)).toContain("2023");
});

test.each([
  [1234567, "1,234,567"],
  [-3, "-3"],
  [0.123456789, "0.12346"],
  [1e-9, "1e-9"],
  [-1234567.891, "-1,234,568"],
  [99999.5, "100000"],
  [1e21, "1e+21"],
  [NaN, "NaN"],
])("the number %d reads %j", (value, text) => {
  expect(number(value)).toBe(text);
});
