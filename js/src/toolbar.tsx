// The row above the graph: the project, the level, search, the table.

import { FilterMenu } from "./filters";
import { SearchBox } from "./searchbox";
import type { State } from "./state";
import { ReplayButton } from "./timeline";
import { counted, type Level } from "./view";
import { t, type Text } from "./texts";

export function Toolbar({ state }: { state: State }) {
  const { project, nodes } = state.graph.value;
  const runs = nodes.filter((node) => node.isRun).length;
  return (
    <div class="toolbar">
      <div class="project" title={project}>
        <bdi>{project}</bdi>
        <span class="counts">
          {counted(runs, true)} · {counted(nodes.length - runs, false)}
        </span>
      </div>
      <div class="switch" role="group" aria-label={t("Level")}>
        <LevelButton state={state} level="types" text="Types" hint="Kinds of data and of work" />
        <LevelButton state={state} level="names" text="Names" hint="Every artifact by its name; many alike are one" />
        <LevelButton state={state} level="instances" text="Instances" hint="Every version and run" />
      </div>
      <DirectionButton state={state} />
      <FilterMenu state={state} />
      <ReplayButton state={state} />
      <div class="seeking">
        <SearchBox state={state} />
        <button
          class="icon wide"
          data-testid="artnb-table-switch"
          aria-pressed={state.asTable.value}
          onClick={() => (state.asTable.value = !state.asTable.value)}
        >
          {t(state.asTable.value ? "Graph" : "Table")}
        </button>
      </div>
    </div>
  );
}

function DirectionButton({ state }: { state: State }) {
  const down = state.direction.value === "down";
  return (
    <button
      class="icon framed"
      aria-pressed={down}
      aria-label={t("Top to bottom")}
      title={t(down ? "Arrows go down: let them go to the right (D)" : "Arrows go to the right: let them go down (D)")}
      data-testid="artnb-direction"
      disabled={state.asTable.value}
      onClick={() => state.turn()}
    >
      <span aria-hidden="true">{down ? "↓" : "→"}</span>
    </button>
  );
}

function LevelButton(props: { state: State; level: Level; text: Text; hint: Text }) {
  const chosen = props.state.level.value === props.level;
  return (
    <button
      aria-pressed={chosen}
      title={t(props.hint)}
      data-testid={`artnb-level-${props.level}`}
      onClick={() => props.state.setLevel(props.level)}
    >
      {t(props.text)}
    </button>
  );
}
