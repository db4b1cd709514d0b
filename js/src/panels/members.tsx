// What a collapsed node stands for: its versions or runs, newest first.

import { label } from "../levels";
import type { State } from "../state";
import { NodeLink } from "./parts";

const MOST = 200;

export function Members({ state, id }: { state: State; id: string }) {
  const { nodes } = state.graph.value;
  const item = state.view.value.items.find((each) => each.id === id);
  const members = [...(item?.members ?? [])].reverse();
  return (
    <>
      <ul class="links">
        {members.slice(0, MOST).map((place) => {
          const node = nodes[place];
          const link = { node: node.id, label: label(node), type: node.aliases.join(", "), state: node.state };
          return (
            <li key={node.id}>
              <NodeLink state={state} link={link} />
            </li>
          );
        })}
      </ul>
      {members.length > MOST && <p class="none">and {members.length - MOST} more; search finds them</p>}
    </>
  );
}
