// The files of a version: folders that fold, each file with its beginning where that can be asked for.

import { useState } from "preact/hooks";
import { fileTree, type Folder } from "../filetree";
import { bytes, number } from "../format";
import type { FileDetails, VersionDetails } from "../protocol";
import { wordsOf } from "../search";
import type { State } from "../state";
import { Figure } from "./figure";
import { FilePreview } from "./preview";
import { VersionTables } from "./tables";
import { t } from "../texts";

type Props = { state: State; details: VersionDetails };

const FEW = 20;

export function VersionFiles({ state, details }: Props) {
  const [text, setText] = useState("");
  if (!details.files.length) return <p class="none">{t("No files.")}</p>;
  const words = wordsOf(text);
  const found = details.files.filter((file) => words.every((word) => file.path.toLowerCase().includes(word)));
  const pictures = found.filter((file) => file.picture);
  const tree = fileTree(found);
  return (
    <>
      {details.files.length > FEW && (
        <div class="find">
          <label>
            {t("Find")}
            <input type="text" data-testid="artnb-files-find" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
        </div>
      )}
      {/* Anew for other words, so that what they find is open. */}
      <ul class="file-tree" data-testid="artnb-files" key={text}>
        <Inside state={state} details={details} folder={tree} open={words.length > 0 || found.length <= FEW} />
      </ul>
      {!found.length && <p class="none">{t("No file is called so.")}</p>}
      {details.filesMore > 0 && <p class="none">{t("and {0} more files", number(details.filesMore))}</p>}
      <VersionTables state={state} details={details} />
      {pictures.length > 0 && (
        <div class="gallery">
          {pictures.map((file) => (
            <Figure
              key={file.path}
              state={state}
              label={file.path}
              picture={{
                digest: file.digest, format: "png", caption: file.path,
                width: Number(file.meta.width ?? 0), height: Number(file.meta.height ?? 0),
              }}
            />
          ))}
        </div>
      )}
    </>
  );
}

function Inside({ state, details, folder, open }: Props & { folder: Folder; open: boolean }) {
  return (
    <>
      {folder.folders.map((each) => (
        <li key={`${each.name}/`}>
          <details open={open}>
            <summary class="file" data-testid="artnb-folder">
              <bdi class="path">{each.name}/</bdi>
              <span class="count">{number(each.count)}</span>
              <span class="size">{bytes(each.size)}</span>
            </summary>
            <ul>
              <Inside state={state} details={details} folder={each} open={open} />
            </ul>
          </details>
        </li>
      ))}
      {folder.files.map(({ name, file }) => (
        <li key={name}>
          <File state={state} details={details} name={name} file={file} />
        </li>
      ))}
    </>
  );
}

function File({ state, details, name, file }: Props & { name: string; file: FileDetails }) {
  const [open, setOpen] = useState(false);
  const face = (
    <>
      <span class="path">
        <bdi>{name}</bdi>
        <FileNote file={file} />
      </span>
      {file.format !== "file" && <bdi class="format">{file.format}</bdi>}
      <span class="size">{file.ref && !file.size ? t("reference") : bytes(file.size)}</span>
    </>
  );
  return (
    <>
      <button class="file" aria-expanded={open} data-testid="artnb-file" data-path={file.path} onClick={() => setOpen(!open)}>
        {face}
      </button>
      {open && <FilePreview state={state} details={details} file={file} />}
    </>
  );
}

function FileNote({ file }: { file: FileDetails }) {
  const { shape, dtype, rows, type } = file.meta as Record<string, any>;
  const parts = [
    file.variable && t("variable {0}", file.variable),
    Array.isArray(shape) && `${shape.join("×") || t("scalar")} ${dtype ?? ""}`,
    rows !== undefined && t("{0} rows", number(Number(rows))),
    file.meta.class && String(file.meta.class),
    type && String(type),
  ].filter(Boolean);
  return parts.length ? <small>{parts.join(" · ")}</small> : null;
}
