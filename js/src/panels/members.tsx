// What a group stands for: the names in it, and its versions or runs, newest first.

import { groupsOf, label } from "../groups";
import type { State } from "../state";
import { t } from "../texts";
import { counted } from "../view";
import { NodeLink, Section } from "./parts";

const MOST = 200;

export function Members({ state, members }: { state: State; members: number[] }) {
  const { nodes } = state.graph.value;
  const { all, name, type } = groupsOf(state.graph.value);
  const within = new Map<number, number>();
  for (const place of members) {
    const group = nodes[place].isRun ? type[place] : name[place];
    within.set(group, (within.get(group) ?? 0) + 1);
  }
  const ofRuns = members.length > 0 && nodes[members[0]].isRun;
  return (
    <>
      {within.size > 1 && (
        <Section title={t(ofRuns ? "Job types" : "Names")} count={within.size}>
          <ul class="links">
            {[...within].slice(0, MOST).map(([group, count]) => (
              <li key={group}>
                <NodeLink state={state} link={{ node: all[group].id, label: all[group].title, type: counted(count, ofRuns), state: "" }} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={t(ofRuns ? "Runs" : "Versions")} count={members.length}>
        <ul class="links">
          {[...members].reverse().slice(0, MOST).map((place) => {
            const node = nodes[place];
            const link = { node: node.id, label: label(node), type: node.aliases.join(", "), state: node.state };
            return (
              <li key={node.id}>
                <NodeLink state={state} link={link} />
              </li>
            );
          })}
        </ul>
      </Section>
      {members.length > MOST && <p class="none">{t("and {0} more; search finds them", members.length - MOST)}</p>}
    </>
  );
}
