// What a group stands for: the names in it, and its versions or runs, newest first.

import { groupsOf, label } from "../groups";
import type { State } from "../state";
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
  const what = members.length && nodes[members[0]].isRun ? "Runs" : "Versions";
  return (
    <>
      {within.size > 1 && (
        <Section title={what === "Runs" ? "Job types" : "Names"} count={within.size}>
          <ul class="links">
            {[...within].slice(0, MOST).map(([group, count]) => (
              <li key={group}>
                <NodeLink state={state} link={{ node: all[group].id, label: all[group].title, type: counted(count, what === "Runs" ? "run" : "version"), state: "" }} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={what} count={members.length}>
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
      {members.length > MOST && <p class="none">and {members.length - MOST} more; search finds them</p>}
    </>
  );
}
