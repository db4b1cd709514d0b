// The files that a run read and wrote, with links to the versions that hold them.

import { bytes, number } from "../format";
import type { TouchedFile, TouchedFiles } from "../protocol";
import type { State } from "../state";
import { Section } from "./parts";
import { t, told } from "../texts";

export function RunFiles({ state, files }: { state: State; files: TouchedFiles }) {
  return (
    <>
      {files.partial && <p class="problem caution">{t("Not every file may be known: {0}", told(files.partial))}</p>}
      <Listed state={state} kind="read" title={t("Read")} files={files.reads} more={files.more.reads} none={t("No version holds it")} />
      <Listed state={state} kind="wrote" title={t("Wrote")} files={files.writes} more={files.more.writes} none={t("Not kept")} />
      {files.others.length > 0 && (
        <Section title={t("Written meanwhile by other programs")} count={files.others.length}>
          <ul class="file-tree" data-testid="artnb-files-others">
            {files.others.map((path) => (
              <li key={path} class="file">
                <span class="path">
                  <bdi>{path}</bdi>
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {files.root && (
        <p class="facts">
          {t("Paths begin at")} <bdi>{files.root}</bdi>
        </p>
      )}
    </>
  );
}

function Listed(props: { state: State; kind: string; title: string; files: TouchedFile[]; more: number; none: string }) {
  const { state, files, more } = props;
  if (!files.length) return null;
  return (
    <Section title={props.title} count={files.length + more}>
      <ul class="file-tree" data-testid={`artnb-files-${props.kind}`}>
        {files.map((file) => (
          <li key={file.path} class="file">
            <span class="path">
              <bdi>{file.path}</bdi>
              <small>
                {file.node ? (
                  <button class="text" data-testid="artnb-link" data-node={file.node} onClick={() => state.select(file.node!)}>
                    {file.version}
                  </button>
                ) : (
                  <>{file.version ?? props.none}</>
                )}
                {file.rewritten && ` · ${t("written anew since")}`}
                {file.unsure && ` · ${t("perhaps by another program")}`}
                {!file.node && file.sha256 && (
                  <>
                    {" · SHA-256 "}
                    <code title={file.sha256}>{file.sha256.slice(0, 12)}</code>
                  </>
                )}
              </small>
            </span>
            <span class="size">{file.size === null ? "" : bytes(file.size)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="none">{t("and {0} more", number(more))}</p>}
    </Section>
  );
}
