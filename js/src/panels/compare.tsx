// Two versions beside each other: what is said of them, which files differ, and each one how.

import { useState } from "preact/hooks";
import { bytes, number } from "../format";
import type { Change, Comparison, FileComparison } from "../protocol";
import type { State } from "../state";
import { Loaded, useLoaded } from "./loaded";
import { Badge } from "./parts";
import { t, tn, told, word } from "../texts";

type Props = { state: State; node: string; other: string };

export function Compared({ state, node, other, close }: Props & { close(): void }) {
  const found = useLoaded(() => state.backend.compare(node, other), [node, other]);
  return (
    <section class="compared" data-testid="artnb-compared" aria-busy={found.status === "pending"} aria-label={t("Comparison")}>
      <button class="icon close" data-testid="artnb-compared-close" aria-label={t("Close the comparison")} onClick={close}>
        ×
      </button>
      <Loaded what={found} show={(value) => <Differences state={state} node={node} other={other} found={value} />} />
    </section>
  );
}

function Differences({ state, node, other, found }: Props & { found: Comparison }) {
  const { facts, files, more, same } = found;
  const [was, now] = [found.old.version, found.new.version];
  return (
    <>
      <h3>
        <bdi>
          {was} → {now}
        </bdi>
      </h3>
      {!facts.length && !files.length && <p class="none">{t("The two hold the same.")}</p>}
      {facts.length > 0 && <Changes name={t("What changed")} changes={facts} was={was} now={now} />}
      <ul class="file-tree">
        {files.map((file) => (
          <li key={file.path}>
            <File state={state} node={node} other={other} file={file} was={was} now={now} />
          </li>
        ))}
      </ul>
      {more > 0 && <p class="none">{t("and {0} more files", number(more))}</p>}
      {same > 0 && <p class="facts">{tn(same, "{0} file is the same.", "{0} files are the same.")}</p>}
    </>
  );
}

type FileProps = Props & { file: Comparison["files"][number]; was: string; now: string };

function File({ file, ...props }: FileProps) {
  const [open, setOpen] = useState(false);
  const face = (
    <>
      <span class="path">
        <bdi>{file.path}</bdi>
        {file.was !== null && (
          <small>
            {t("was")} <bdi>{file.was}</bdi>
          </small>
        )}
      </span>
      <Badge text={word(file.state)} kind={`file-${file.state}`} />
      <span class="size">{bytes(file.size)}</span>
    </>
  );
  if (file.state !== "changed") return <div class="file">{face}</div>;
  return (
    <>
      <button class="file" aria-expanded={open} data-testid="artnb-compared-file" data-path={file.path} onClick={() => setOpen(!open)}>
        {face}
      </button>
      {open && <How {...props} file={file} />}
    </>
  );
}

function How({ state, node, other, file, was, now }: FileProps) {
  const ask = () => state.backend.compareFile(node, other, file.path);
  // Damage that was found now marks the version.
  const found = useLoaded(ask, [node, other, file.path], () => state.refresh());
  return (
    <div class="preview" data-testid="artnb-compared-how" aria-busy={found.status === "pending"}>
      <Loaded what={found} show={(value) => <Content found={value} path={file.path} was={was} now={now} />} />
    </div>
  );
}

function Content({ found, path, was, now }: { found: FileComparison; path: string; was: string; now: string }) {
  if (found.problem !== null) {
    return (
      <p class="problem caution">
        {t("Not compared:")} {told(found.problem)}
      </p>
    );
  }
  return (
    <>
      <p class="facts">{told(found.summary) || t("The same values, written in other bytes.")}</p>
      {found.changes.length > 0 && <Changes name={t("What changed in {0}", path)} changes={found.changes} was={was} now={now} />}
      {found.lines.length > 0 && (
        <pre class="code lines" tabIndex={0} aria-label={path}>
          {found.lines.map((line, i) => (
            <span key={i} class={MARKS[line[0]] ?? ""}>
              {line || " "}
            </span>
          ))}
        </pre>
      )}
      {found.more > 0 && <p class="facts">{t("and {0} more", number(found.more))}</p>}
    </>
  );
}

const MARKS: Record<string, string> = { "+": "came", "-": "went", "@": "place" };

function Changes({ name, changes, was, now }: { name: string; changes: Change[]; was: string; now: string }) {
  return (
    <div class="rows" tabIndex={0} role="region" aria-label={name}>
      <table class="files differs">
        <thead>
          <tr>
            <th scope="col">{t("What")}</th>
            <th scope="col">{was}</th>
            <th scope="col">{now}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change, i) => (
            <tr key={i}>
              <td>
                <bdi>{told(change.what)}</bdi>
                {change.note && (
                  <small>
                    <bdi>{told(change.note)}</bdi>
                  </small>
                )}
              </td>
              <td class="was">{change.before ? <bdi>{change.before}</bdi> : "—"}</td>
              <td>{change.after ? <bdi>{change.after}</bdi> : "—"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
