// Two versions compared by what an exported page holds of them: the files' digests, and beginnings.

import { differences } from "./differ";
import type { Comparison, FileComparison, FileDetails, Preview, VersionDetails } from "./protocol";
import { t, told } from "./texts";

const AROUND = 2;
const MOST_LINES = 200;
/** Of the table in which the longest common part is found. */
const MOST_CELLS = 4_000_000;

/** The older one first, as Python has it. */
export function inOrder(one: VersionDetails, other: VersionDetails): [VersionDetails, VersionDetails] {
  const first = one.created - other.created || +one.node.slice(2) - +other.node.slice(2);
  return first <= 0 ? [one, other] : [other, one];
}

export function compareDetails(old: VersionDetails, now: VersionDetails): Comparison {
  const facts = [
    { what: t("type"), before: old.type, after: now.type, note: "" },
    { what: t("description"), before: old.description ?? "", after: now.description ?? "", note: "" },
  ].filter(({ before, after }) => before !== after);
  for (const { path, was = "", now: is = "" } of differences(old.metadata, now.metadata)) {
    facts.push({ what: path, before: was, after: is, note: "" });
  }
  // Of a list that is cut off nobody knows what comes behind its end.
  const ends = [old, now].flatMap(({ files, filesMore }) => (filesMore && files.length ? [files.at(-1)!.path] : []));
  const listed = (files: FileDetails[]) => files.filter(({ path }) => ends.every((end) => path <= end));
  const [older, newer] = [listed(old.files), listed(now.files)];
  const before = new Map(older.map((file) => [file.path, file]));
  const after = new Set(newer.map((file) => file.path));
  const gone = new Map(older.filter((file) => !after.has(file.path)).map((file) => [file.digest, file.path]));
  const moved = new Set<string>();
  const files: Comparison["files"] = [];
  for (const { path, size, digest, format } of newer) {
    const file = before.get(path);
    if (file?.digest === digest && file.format === format) continue;
    const was = (!file && gone.get(digest)) || null;
    if (was) moved.add(was) && gone.delete(digest);
    files.push({ path, size, state: file ? "changed" : was ? "renamed" : "added", was });
  }
  const same = newer.length - files.length;
  for (const { path, size } of older) {
    if (!after.has(path) && !moved.has(path)) files.push({ path, size, state: "removed", was: null });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    old: { node: old.node, version: old.version },
    new: { node: now.node, version: now.version },
    facts, files, same,
    more: Math.max(old.files.length + old.filesMore - older.length, now.files.length + now.filesMore - newer.length),
  };
}

/** How two beginnings differ, line by line; `otherwise` says what to do where the page has none. */
export function compareBeginnings(old: Preview | undefined, now: Preview | undefined, otherwise: string): FileComparison {
  const [was, is] = [linesOf(old), linesOf(now)];
  if (!was || !is) return { summary: "", changes: [], lines: [], more: 0, problem: otherwise };
  const lines = unified(was, is);
  const count = (mark: string) => lines.filter((line) => line[0] === mark).length;
  const [came, went] = [count("+"), count("-")];
  return {
    summary: lines.length
      ? t("As far as this page holds them: {0}", t(came === 1 ? "{0} line added, {1} removed" : "{0} lines added, {1} removed", came, went))
      : t("As far as this page holds them they are the same."),
    changes: [],
    lines: lines.slice(0, MOST_LINES),
    more: Math.max(0, lines.length - MOST_LINES),
    problem: null,
  };
}

function linesOf(shown: Preview | undefined): string[] | null {
  if (!shown || shown.kind === "image" || shown.kind === "nothing") return null;
  if (shown.kind === "json") return JSON.stringify(shown.value, null, 1).split("\n");
  if (shown.kind === "rows") return [told(shown.facts), ...[shown.columns, ...shown.rows].map((row) => row.map(told).join(" | "))];
  if (shown.kind === "chart") return [shown.text, ...shown.charts.flatMap(({ key, labels, x, y, boxes, counts }) => [
    ...y.map((value, i) => `${key} ${labels ? labels[i] : x[i]}: ${boxes ? boxes[i].join(" | ") : value}`),
    ...(counts ?? []).map((row, i) => `${key} ${labels![i]}: ${row.join(" | ")}`),
  ])];
  return shown.text.split("\n");
}

/** A unified difference; none where the two are equal. */
function unified(was: string[], now: string[]): string[] {
  let [start, end] = [0, 0];
  const least = Math.min(was.length, now.length);
  while (start < least && was[start] === now[start]) start++;
  while (end < least - start && was.at(-1 - end) === now.at(-1 - end)) end++;
  const marked = [
    ...was.slice(0, start).map((line) => ` ${line}`),
    ...middle(was.slice(start, was.length - end), now.slice(start, now.length - end)),
    ...was.slice(was.length - end).map((line) => ` ${line}`),
  ];
  const found: string[] = [];
  let [line, last] = [0, -1];
  marked.forEach((text, at) => {
    if (text[0] !== "-") line++;
    const near = marked.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((each) => each[0] !== " ");
    if (!near) return;
    if (at !== last + 1) found.push(`@ ${line}`);
    found.push(text);
    last = at;
  });
  return found;
}

function middle(was: string[], now: string[]): string[] {
  const wide = now.length + 1;
  const away = was.map((line) => `-${line}`);
  const come = now.map((line) => `+${line}`);
  if ((was.length + 1) * wide > MOST_CELLS) return [...away, ...come];
  // The longest common part of what is left from each place on.
  const common = new Uint32Array((was.length + 1) * wide);
  for (let i = was.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const [here, below] = [i * wide + j, (i + 1) * wide + j];
      common[here] = was[i] === now[j] ? common[below + 1] + 1 : Math.max(common[below], common[here + 1]);
    }
  }
  const marked: string[] = [];
  let [i, j] = [0, 0];
  while (i < was.length && j < now.length) {
    if (was[i] === now[j]) {
      marked.push(` ${was[i++]}`);
      j++;
    } else if (common[(i + 1) * wide + j] >= common[i * wide + j + 1]) marked.push(away[i++]);
    else marked.push(come[j++]);
  }
  return [...marked, ...away.slice(i), ...come.slice(j)];
}
