// The beginning of a file, asked for when it is opened, and ways to have the whole.

import { useState } from "preact/hooks";
import { bytes, reasonOf } from "../format";
import { LARGEST_DOWNLOAD, type FileDetails, type Preview, type VersionDetails } from "../protocol";
import type { State } from "../state";
import { Loaded, useLoaded } from "./loaded";
import { Drawing } from "./drawing";
import { Figure } from "./figure";
import { Copyable, Mapping, Tree, Problem } from "./parts";
import { t, told, type Said } from "../texts";

type Props = { state: State; details: VersionDetails; file: FileDetails };

export function FilePreview({ state, details, file }: Props) {
  const ask = () => state.backend.preview(details.node, file.path);
  // Damage that was found now marks the version.
  const loaded = useLoaded(ask, [details.node, file.path], () => state.refresh());
  return (
    <div class="preview" data-testid="artnb-preview" aria-busy={loaded.status === "pending"}>
      <Loaded what={loaded} show={(preview) => <Content state={state} preview={preview} file={file} />} />
      <Whole state={state} details={details} file={file} />
    </div>
  );
}

function Content({ state, preview, file }: { state: State; preview: Preview; file: FileDetails }) {
  if (preview.kind === "nothing") return <p class="none">{told(preview.message)}</p>;
  if (preview.kind === "chart") return <Drawing text={preview.text} charts={preview.charts} />;
  if (preview.kind === "image") {
    const picture = { digest: preview.digest, format: preview.format, caption: null, width: Number(file.meta.width ?? 0), height: Number(file.meta.height ?? 0) };
    return <Figure state={state} picture={picture} label={file.path} />;
  }
  return (
    <>
      {preview.kind === "rows" && <p class="facts">{told(preview.facts)}</p>}
      {preview.kind === "rows" ? (
        preview.rows.length > 0 && <RowsOf name={file.path} columns={preview.columns} rows={preview.rows} />
      ) : preview.kind === "json" ? (
        <JsonOf value={preview.value} />
      ) : preview.text ? (
        <pre class="code" tabIndex={0} aria-label={file.path}>
          {preview.text}
        </pre>
      ) : (
        <p class="none">{t("The file is empty.")}</p>
      )}
      {preview.note && <p class="facts">{told(preview.note)}</p>}
    </>
  );
}

function JsonOf({ value }: { value: unknown }) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return <Mapping values={value as Record<string, unknown>} none="{}" />;
  return <Tree name="" value={value} open />;
}

function RowsOf({ name, columns, rows }: { name: string; columns: Said[]; rows: Said[][] }) {
  return (
    <div class="rows" tabIndex={0} role="region" aria-label={t("Table {0}", name)}>
      <table class="files cells">
        <thead>
          <tr>{columns.map((column, i) => (column ? <th key={i} scope="col"><bdi>{told(column)}</bdi></th> : <td key={i} />))}</tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>{row.map((cell, j) => <td key={j}><bdi>{told(cell)}</bdi></td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The whole file: a link where a server has it, a message from the kernel, else the code that gets it. */
function Whole({ state, details, file }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const { backend } = state;
  if (file.ref) return null;
  if (backend.link) {
    return (
      <p class="actions">
        <a class="button" data-testid="artnb-download" href={backend.link(details.node, file.path)} download={nameOf(file)}>
          {t("Download {0}", bytes(file.size))}
        </a>
      </p>
    );
  }
  if (!backend.file || file.size > LARGEST_DOWNLOAD) {
    return (
      <>
        <p class="facts">{backend.file ? t("{0} are too much to go through the kernel. In code:", bytes(file.size)) : t("In code:")}</p>
        <Copyable state={state} text={codeOf(details, file)} />
      </>
    );
  }
  const download = async () => {
    setBusy(true);
    setProblem("");
    try {
      save(await backend.file!(details.node, file.path), nameOf(file));
      state.said.value = t("{0} was handed to the browser", file.path);
    } catch (error) {
      setProblem(reasonOf(error));
    }
    setBusy(false);
  };
  return (
    <>
      <p class="actions">
        <button data-testid="artnb-download" disabled={busy} onClick={download}>
          {busy ? t("Fetching…") : t("Download {0}", bytes(file.size))}
        </button>
      </p>
      <Problem text={problem} />
    </>
  );
}

const nameOf = (file: FileDetails) => file.path.slice(file.path.lastIndexOf("/") + 1);

/** Python that puts just this file into the working directory; JSON's text is Python's, too. */
export function codeOf(details: VersionDetails, file: FileDetails): string {
  return `artnb.Api().artifact(${JSON.stringify(`${details.project}/${details.ref}`)}).get_entry(${JSON.stringify(file.path)}).download()`;
}

function save(data: Uint8Array, name: string) {
  const url = URL.createObjectURL(new Blob([data as BlobPart], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: a browser may begin to read it later.
  setTimeout(() => URL.revokeObjectURL(url), 30_000);
}
