// The graph as a table: the equal way to the same facts.

import { label } from "./groups";
import type { State } from "./state";
import { ago, number } from "./format";
import { linksOf, type Links } from "./links";
import { StateMark } from "./panels/parts";
import { t } from "./texts";

const MOST = 500;

export function Table({ state }: { state: State }) {
  const { nodes } = state.graph.value;
  const { before, after } = linksOf(state.graph.value);
  const called = ({ first, ends }: Links, place: number) => Array.from(ends.subarray(first[place], first[place + 1]), (at) => label(nodes[at]));
  const { of } = state.view.value;
  const until = state.growth.value?.moments[state.moment.value] ?? Infinity;
  const shown = [...nodes.keys()].filter((place) => of[place] >= 0 && nodes[place].time <= until).sort((a, b) => nodes[b].time - nodes[a].time);
  return (
    <div class="table" data-testid="artnb-table" tabIndex={0} role="region" aria-label={t("Graph as a table")}>
      <table class="files">
        <thead>
          <tr>
            {(["Kind", "Name", "Type", "From", "To", "Created"] as const).map((title) => (
              <th scope="col" key={title}>
                {t(title)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.slice(0, MOST).map((place) => {
            const node = nodes[place];
            return (
              <tr key={node.id} class={node.id === state.selected.value ? "current" : ""}>
                <td>{t(node.isRun ? "run" : "artifact")}</td>
                <td>
                  <button class="text" data-node={node.id} onClick={() => state.select(node.id)}>
                    <bdi>{label(node)}</bdi>
                  </button>{" "}
                  {node.aliases.map((alias) => (
                    <span class="badge alias" key={alias}>
                      <bdi>{alias}</bdi>
                    </span>
                  ))}
                  <StateMark state={node.state} />
                </td>
                <td>
                  <bdi>{node.type}</bdi>
                </td>
                <td>
                  <bdi>{some(called(before, place))}</bdi>
                </td>
                <td>
                  <bdi>{some(called(after, place))}</bdi>
                </td>
                <td>{ago(node.time)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length > MOST && <p class="none">{t("and {0} more; search finds them", number(shown.length - MOST))}</p>}
    </div>
  );
}

function some(names: string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} ${t("and {0} more", number(names.length - 3))}` : names.join(", ");
}
