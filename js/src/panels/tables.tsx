// Logged tables, and those that a version holds: fetched when opened, the first rows shown.

import { useState } from "preact/hooks";
import type { LoggedTable, Picture, RunDetails, VersionDetails } from "../protocol";
import type { State } from "../state";
import { number } from "../format";
import { t } from "../texts";
import { Loaded, useLoaded } from "./loaded";
import { Figure } from "./figure";
import { Section, Steps } from "./parts";

const MOST_ROWS = 100;
const MOST_COLUMNS = 100;

interface Content {
  columns: string[];
  data: unknown[][];
}
type DigestOf = (cell: Record<string, any>) => string;

export function RunTables({ state, details }: { state: State; details: RunDetails }) {
  return (
    <>
      {details.tables.map((table) => (
        <Logged key={table.key} state={state} table={table} />
      ))}
    </>
  );
}

/** One step at a time, first the newest: each is fetched, and a run may log one at every step. */
function Logged({ state, table }: { state: State; table: LoggedTable }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const last = table.rows.length - 1;
  const at = Math.min(chosen ?? last, last);
  return (
    <Section title={table.key}>
      <Steps title={table.key} steps={table.rows.map((each) => each.step)} at={at} go={setChosen} testid="artnb-tables-step" />
      <Rows state={state} digest={table.rows[at].digest} name={table.key} digestOf={(cell) => cell.sha256} />
    </Section>
  );
}

export function VersionTables({ state, details }: { state: State; details: VersionDetails }) {
  const digests = new Map(details.files.map((file) => [file.path, file.digest]));
  return (
    <>
      {details.files.filter((file) => file.format === "table").map((file) => (
        <Section key={file.path} title={file.path}>
          <Rows state={state} digest={file.digest} name={file.path} digestOf={(cell) => digests.get(cell.path) ?? cell.sha256 ?? ""} />
        </Section>
      ))}
    </>
  );
}

interface RowsProps {
  state: State;
  digest: string;
  name: string;
  digestOf: DigestOf;
}

function Rows(props: RowsProps) {
  const { state, digest } = props;
  const loaded = useLoaded(async (): Promise<Content> => JSON.parse(readable(await state.backend.blob(digest))), [digest]);
  return <Loaded what={loaded} show={(content) => <Grid {...props} content={content} />} />;
}

function Grid({ content: { columns, data }, ...props }: RowsProps & { content: Content }) {
  const { state } = props;
  return (
    <div class="rows" tabIndex={0} role="region" aria-label={t("Table {0}", props.name)} data-testid="artnb-rows">
      <table class="files">
        <thead>
          <tr>
            {columns.slice(0, MOST_COLUMNS).map((name, i) => (
              <th key={i} scope="col">
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.slice(0, MOST_ROWS).map((row, i) => (
            <tr key={i}>
              {row.slice(0, MOST_COLUMNS).map((cell, j) => (
                <td key={j}>
                  <Cell state={state} cell={cell} label={`${columns[j]} ${i + 1}`} digestOf={props.digestOf} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {data.length > MOST_ROWS && <p class="none">{t("and {0} more rows", number(data.length - MOST_ROWS))}</p>}
      {columns.length > MOST_COLUMNS && <p class="none">{t("and {0} more columns", number(columns.length - MOST_COLUMNS))}</p>}
    </div>
  );
}

function Cell(props: { state: State; cell: unknown; label: string; digestOf: DigestOf }) {
  const { cell } = props;
  if (cell === null) return null;
  if (typeof cell !== "object") return <bdi>{String(cell)}</bdi>;
  const found = cell as Record<string, any>;
  if (found._type !== "image-file") return <bdi>{JSON.stringify(cell)}</bdi>;
  const picture: Picture = {
    digest: props.digestOf(found), format: found.format ?? "png", caption: found.caption ?? null,
    width: Number(found.width ?? 0), height: Number(found.height ?? 0), boxes: found.boxes,
    masks: Object.values((found.masks ?? {}) as Record<string, any>).flatMap((mask) => (mask ? [{ digest: props.digestOf(mask), class_labels: mask.class_labels }] : [])),
  };
  return <Figure state={props.state} picture={picture} label={props.label} />;
}

/** Python writes NaN and Infinity, which JSON has not: they become text, but not inside of text. */
function readable(data: Uint8Array): string {
  const text = new TextDecoder().decode(data);
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) => (found[0] === '"' ? found : `"${found}"`));
}
