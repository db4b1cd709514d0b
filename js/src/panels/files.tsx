// The files of a version: folders that fold, each file with its beginning where that can be asked for.

import { useEffect, useRef, useState } from "preact/hooks";
import { fileTree, type Folder } from "../filetree";
import { bytes, number, reasonOf } from "../format";
import type { FileDetails, VersionDetails } from "../protocol";
import { filesCalled, wordsOf } from "../search";
import type { State } from "../state";
import { Figure } from "./figure";
import { FilePreview } from "./preview";
import { VersionTables } from "./tables";
import { t } from "../texts";

type Props = { state: State; details: VersionDetails };

const FEW = 20;

/** How long to wait for the next letter before all files are searched. */
const TYPING = 200;

/** The files that are called so: of those that the panel was told of or, where there are more, as Python finds them. */
function useFound({ state, details }: Props, text: string) {
  const [answer, setAnswer] = useState({ text: "", files: details.files, more: details.filesMore });
  const [problem, setProblem] = useState("");
  const wanted = useRef(text);
  wanted.current = text;
  const { backend } = state;
  const asks = details.filesMore > 0 && backend.files !== undefined && (backend.lists?.(details) ?? true);
  const ask = async (after: number) => {
    try {
      const { files, more } = await state.backend.files!(details.node, text, after);
      // For what stands there now; of what was typed before, or asked twice, another may come later.
      if (wanted.current === text) setAnswer((before) => (after && before.files.length !== after ? before : { text, files: after ? [...before.files, ...files] : files, more }));
    } catch (error) {
      if (wanted.current === text) setProblem(reasonOf(error));
    }
  };
  useEffect(() => {
    setProblem("");
    if (!asks || answer.text === text) return;
    const timer = setTimeout(() => ask(0), TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  if (asks && answer.text === text) return { ...answer, problem, waits: false, next: () => ask(answer.files.length), partly: false };
  const partly = details.filesMore > 0 && !asks;
  return { files: filesCalled(details.files, text), more: details.filesMore, problem, waits: asks && !problem, next: undefined, partly };
}

export function VersionFiles({ state, details }: Props) {
  const [text, setText] = useState("");
  const { files: found, more, problem, waits, next, partly } = useFound({ state, details }, text);
  if (!details.files.length) return <p class="none">{t("No files.")}</p>;
  const words = wordsOf(text);
  const pictures = found.filter((file) => file.picture);
  const tree = fileTree(found);
  return (
    <>
      {details.files.length > FEW && (
        <div class="find">
          <label>
            {t("Find")}
            <input type="text" data-testid="artnb-files-find" value={text} onInput={(event) => setText(event.currentTarget.value)} />
            {partly && t("in the first {0} of {1} files", number(details.files.length), number(details.files.length + details.filesMore))}
          </label>
        </div>
      )}
      {/* Anew for other words, so that what they find is open. */}
      <ul class="file-tree" data-testid="artnb-files" key={text}>
        <Inside state={state} details={details} folder={tree} open={words.length > 0 || found.length <= FEW} />
      </ul>
      {problem && <p class="problem">{problem}</p>}
      {waits && <p class="none">{t("Searching…")}</p>}
      {!found.length && !waits && !problem && (
        <p class="none">{more ? t("None of the first {0} files is called so.", number(details.files.length)) : t("No file is called so.")}</p>
      )}
      {more > 0 && !waits && found.length > 0 && (
        <p class="none">
          {t("and {0} more files", number(more))}{" "}
          {next && (
            <button class="text" data-testid="artnb-files-more" onClick={next}>
              {t("Show {0} more", number(Math.min(details.files.length, more)))}
            </button>
          )}
        </p>
      )}
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
