// The files of a version as folders in folders.

import type { FileDetails } from "./protocol";

export interface Folder {
  /** What is shown: "a/b" where `a` holds nothing but `b`. */
  name: string;
  size: number;
  count: number;
  folders: Folder[];
  files: { name: string; file: FileDetails }[];
}

export function fileTree(files: FileDetails[]): Folder {
  const root: Folder = { name: "", size: 0, count: 0, folders: [], files: [] };
  const known = new Map([["", root]]);
  for (const file of files) {
    const parts = file.path.split("/");
    let [at, path] = [root, ""];
    grow(root, file);
    for (const part of parts.slice(0, -1)) {
      path += `${part}/`;
      let next = known.get(path);
      if (!next) {
        next = { name: part, size: 0, count: 0, folders: [], files: [] };
        known.set(path, next);
        at.folders.push(next);
      }
      at = next;
      grow(at, file);
    }
    at.files.push({ name: parts.at(-1)!, file });
  }
  root.folders = root.folders.map(joined);
  return root;
}

function grow(folder: Folder, file: FileDetails) {
  folder.size += file.size;
  folder.count++;
}

function joined(folder: Folder): Folder {
  let at = folder;
  while (!at.files.length && at.folders.length === 1) {
    const [only] = at.folders;
    at = { ...only, name: `${at.name}/${only.name}` };
  }
  return { ...at, folders: at.folders.map(joined) };
}
