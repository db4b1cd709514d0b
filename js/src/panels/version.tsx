// The tabs of an artifact's version.

import { useState } from "preact/hooks";
import { label } from "../groups";
import type { VersionDetails } from "../protocol";
import type { State } from "../state";
import { ago, bytes, number, when } from "../format";
import { currentVersions } from "../stale";
import { Compared } from "./compare";
import { Labels, Tags } from "./labels";
import { Badge, Relatives, Row, StateMark } from "./parts";
import { Prose } from "./prose";
import { t, told } from "../texts";

type Props = { state: State; details: VersionDetails };

export function VersionOverview({ state, details }: Props) {
  const { node } = details;
  const { backend } = state;
  return (
    <>
      {details.problem && <p class="problem">{told(details.problem)}</p>}
      <Stale state={state} node={details.node} />
      <Prose
        name="Description"
        text={details.description}
        write={backend.text && ((text) => state.changed(backend.text!(node, text), t("Description saved")))}
      />
      <dl>
        <Row name={t("Type")}>
          <bdi>{details.type}</bdi>
        </Row>
        {details.source && (
          <Row name={t("Link to")}>
            <bdi data-testid="artnb-source">{details.source}</bdi>
          </Row>
        )}
        <Row name={t("Aliases")}>
          {/* `latest` is moved by each save, never by hand. */}
          <Labels
            kind="alias"
            labels={details.aliases}
            fixed={["latest"]}
            change={backend.aliases && ((add, remove) => state.changed(backend.aliases!(node, add, remove), t("Aliases changed")))}
          />
        </Row>
        <Row name={t("Tags")}>
          <Tags state={state} node={node} tags={details.tags} />
        </Row>
        <Row name={t("Created")}>
          <time title={when(details.created)}>{ago(details.created)}</time>
        </Row>
        <Row name={t("Size")}>
          {t(details.entries === 1 ? "{0} in {1} file" : "{0} in {1} files", bytes(details.size), number(details.entries))}
        </Row>
        <Row name={t("Digest")}>
          <code class="digest" title={details.digest}>
            {details.digest.slice(0, 16)}
          </code>
        </Row>
        {details.state !== "live" && (
          <Row name={t("State")}>
            <StateMark state={details.state} />
          </Row>
        )}
      </dl>
      <Relatives state={state} details={details} />
    </>
  );
}

/** Which inputs have been replaced since this was made. */
function Stale({ state, node }: { state: State; node: string }) {
  const { nodes } = state.graph.value;
  const old = state.stale.value.get(state.places.value.get(node) ?? -1);
  if (!old) return null;
  const current = currentVersions(state.graph.value);
  const parts = old.map((at) => {
    const now = current.get(nodes[at].name);
    return now === at || now === undefined ? t("{0}, which is stale", label(nodes[at])) : t("{0}, and there is {1}", label(nodes[at]), label(nodes[now]));
  });
  return (
    <p class="problem caution" data-testid="artnb-stale">
      {t("Stale: made from")} <bdi>{parts.join("; ")}</bdi>.
    </p>
  );
}

export function VersionList({ state, details }: Props) {
  const [other, setOther] = useState("");
  const comparing = details.versions.some((each) => each.node === other);
  return (
    <>
      {comparing && <Compared state={state} node={details.node} other={other} close={() => setOther("")} />}
      <Versions state={state} details={details} other={other} compare={setOther} />
    </>
  );
}

function Versions({ state, details, other, compare }: Props & { other: string; compare(other: string): void }) {
  return (
    <table class="files">
      <thead>
        <tr>
          <th scope="col">{t("Version")}</th>
          <th scope="col">{t("Created")}</th>
          <th scope="col" class="right">
            {t("Size")}
          </th>
          <td />
        </tr>
      </thead>
      <tbody>
        {details.versions.map((each) => (
          <tr key={each.node} class={each.node === details.node ? "current" : ""}>
            <td>
              <button class="text" data-testid="artnb-link" data-node={each.node} onClick={() => state.select(each.node)}>
                {each.version}
              </button>{" "}
              {each.aliases.map((alias) => (
                <Badge key={alias} text={alias} kind="alias" />
              ))}
              <StateMark state={each.state} />
            </td>
            <td>
              <time title={when(each.created)}>{ago(each.created)}</time>
            </td>
            <td class="right">{bytes(each.size)}</td>
            <td class="right">
              {each.node !== details.node && (
                <button
                  class="text"
                  data-testid="artnb-compare"
                  data-node={each.node}
                  aria-pressed={each.node === other}
                  aria-label={t("Compare with {0}", each.version)}
                  onClick={() => compare(each.node === other ? "" : each.node)}
                >
                  {t("Compare")}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
