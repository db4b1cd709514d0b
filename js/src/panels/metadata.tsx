// Metadata: as a tree, searched, or beside another version's.

import { useState } from "preact/hooks";
import { differences, flattened } from "../differ";
import type { VersionDetails } from "../protocol";
import { wordsOf } from "../search";
import type { State } from "../state";
import { t } from "../texts";
import { Loaded, useLoaded } from "./loaded";
import { Mapping } from "./parts";

const MOST = 500;

export function VersionMetadata({ state, details }: { state: State; details: VersionDetails }) {
  const [text, setText] = useState("");
  const [other, setOther] = useState("");
  const words = wordsOf(text);
  const others = details.versions.filter((each) => each.node !== details.node);
  if (!others.length && !Object.keys(details.metadata).length) return <p class="none">{t("No metadata were given.")}</p>;
  return (
    <>
      <div class="find">
        <label>
          {t("Find")}
          <input type="text" data-testid="artnb-metadata-find" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        {others.length > 0 && (
          <label>
            {t("Compare with")}
            <select data-testid="artnb-metadata-compare" value={other} onChange={(event) => setOther(event.currentTarget.value)}>
              <option value="">{t("nothing")}</option>
              {others.map((each) => (
                <option key={each.node} value={each.node}>
                  {[each.version, ...each.aliases].join(" ")}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {other ? (
        <Differences state={state} details={details} other={other} words={words} />
      ) : words.length ? (
        <Found values={details.metadata} words={words} />
      ) : (
        <Mapping values={details.metadata} none={t("No metadata were given.")} />
      )}
    </>
  );
}

const holds = (words: string[], ...texts: (string | undefined)[]) => {
  const hay = texts.join(" ").toLowerCase();
  return words.every((word) => hay.includes(word));
};

function Found({ values, words }: { values: Record<string, unknown>; words: string[] }) {
  const found = [...flattened(values)].filter(([path, value]) => holds(words, path, value));
  if (!found.length) return <p class="none">{t("No key and no value has that.")}</p>;
  return <Mapping values={Object.fromEntries(found.slice(0, MOST))} none="" />;
}

function Differences(props: { state: State; details: VersionDetails; other: string; words: string[] }) {
  const { state, details, other } = props;
  const loaded = useLoaded(() => state.details(other), [other]);
  return <Loaded what={loaded} show={(beside) => <Beside details={details} beside={beside as VersionDetails} words={props.words} />} />;
}

function Beside({ details, beside, words }: { details: VersionDetails; beside: VersionDetails; words: string[] }) {
  const rows = differences(beside.metadata, details.metadata).filter(({ path, was, now }) => holds(words, path, was, now));
  if (!rows.length) return <p class="none">{words.length ? t("No difference has that.") : t("The metadata of {0} are the same.", beside.version)}</p>;
  return (
    <table class="files differs" data-testid="artnb-differs">
      <thead>
        <tr>
          <th scope="col">{t("Key")}</th>
          <th scope="col">{beside.version}</th>
          <th scope="col">{details.version} {t("(this)")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, MOST).map(({ path, was, now }) => (
          <tr key={path}>
            <td>
              <bdi>{path}</bdi>
            </td>
            <td class="was">{was === undefined ? "—" : <bdi>{was}</bdi>}</td>
            <td>{now === undefined ? "—" : <bdi>{now}</bdi>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
