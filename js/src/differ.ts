// Metadata as paths and values: to be searched, and compared with another version's.

export interface Difference {
  path: string;
  /** Undefined where one side lacks the path. */
  was: string | undefined;
  now: string | undefined;
}

/** Each value by its path; an empty list or mapping is a value too. */
export function flattened(value: unknown, path = "", into = new Map<string, string>()): Map<string, string> {
  const entries = value !== null && typeof value === "object" ? Object.entries(value) : [];
  if (!entries.length) {
    if (path) into.set(path, value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
    return into;
  }
  for (const [key, item] of entries) flattened(item, path ? `${path}.${key}` : key, into);
  return into;
}

/** What differs between two values, by path. */
export function differences(was: unknown, now: unknown): Difference[] {
  const [before, after] = [flattened(was), flattened(now)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort()
    .map((path) => ({ path, was: before.get(path), now: after.get(path) }));
}
