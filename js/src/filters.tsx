// What is shown: types, job types, aliases, tags, states, text, a span of time. A menu to pick from, and a chip
// for each choice.

import { useEffect, useRef, useState } from "preact/hooks";
import { choices, EVERYTHING, FACETS, fromInput, isActive, toInput, type Facet, type Span } from "./filter";
import { when } from "./format";
import type { State } from "./state";
import { t, type Text } from "./texts";

const TITLES: Record<Facet, Text> = { types: "Artifact types", jobTypes: "Job types", aliases: "Aliases", tags: "Tags", states: "States" };
const ONE: Record<Facet, Text> = { types: "type", jobTypes: "job type", aliases: "alias", tags: "tag", states: "state" };
const ENDS: [keyof Span, Text, Text][] = [["since", "Since", "since"], ["until", "Until", "until"]];
const LATELY: [string, Text, number][] = [["hour", "Last hour", 3600], ["day", "Last day", 86_400], ["week", "Last week", 7 * 86_400]];
/** More of one kind than this are found by text. */
const MOST = 40;

export function FilterMenu({ state }: { state: State }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const stop = new AbortController();
    const outside = (event: Event) => !event.composedPath().includes(root.current!) && setOpen(false);
    document.addEventListener("pointerdown", outside, { signal: stop.signal });
    root.current!.querySelector<HTMLElement>("input")?.focus();
    return () => stop.abort();
  }, [open]);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.isComposing || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class="filters" ref={root} onKeyDown={onKey}>
      <button
        ref={button}
        class="icon wide"
        aria-expanded={open}
        aria-controls="artnb-filter-menu"
        data-testid="artnb-filter"
        onClick={() => setOpen(!open)}
      >
        {t("Filter")}{isActive(state.filter.value) ? " •" : ""}
      </button>
      {open && (
        <div class="menu" id="artnb-filter-menu" role="group" aria-label={t("What is shown")} data-testid="artnb-filter-menu">
          <label class="text-filter">
            {t("Text")}
            <input
              type="text"
              data-testid="artnb-filter-text"
              value={state.filter.value.text}
              onInput={(event) => (state.filter.value = { ...state.filter.value, text: event.currentTarget.value })}
            />
          </label>
          <Times state={state} />
          <Facets state={state} />
        </div>
      )}
    </div>
  );
}

function Times({ state }: { state: State }) {
  const { since, until } = state.filter.value;
  const set = (span: Partial<Span>) => (state.filter.value = { ...state.filter.value, ...span });
  return (
    <fieldset class="times">
      <legend>{t("Time")}</legend>
      {ENDS.map(([end, title]) => (
        <label key={end}>
          {t(title)}
          <input
            type="datetime-local"
            data-testid={`artnb-filter-${end}`}
            data-lm-suppress-shortcuts="true"
            value={toInput(state.filter.value[end])}
            onInput={(event) => set({ [end]: fromInput(event.currentTarget.value, end) })}
          />
        </label>
      ))}
      <div class="lately">
        {LATELY.map(([name, title, length]) => (
          <button key={name} class="text" data-testid={`artnb-filter-last-${name}`} onClick={() => set({ since: Date.now() / 1000 - length, until: null })}>
            {t(title)}
          </button>
        ))}
      </div>
      <p class="none" role="status">{since !== null && until !== null && since > until ? t("It ends before it begins.") : ""}</p>
    </fieldset>
  );
}

function Facets({ state }: { state: State }) {
  const found = choices(state.graph.value);
  return FACETS.map((facet) => <Choices key={facet} state={state} facet={facet} all={[...found[facet]]} />);
}

function Choices({ state, facet, all }: { state: State; facet: Facet; all: [string, number][] }) {
  const picked = state.filter.value[facet];
  if (!all.length) return null;
  return (
    <fieldset>
      <legend>{t(TITLES[facet])}</legend>
      {all.slice(0, MOST).map(([value, count]) => (
        <label key={value}>
          <input type="checkbox" checked={picked.includes(value)} data-testid={`artnb-filter-${facet}`} value={value} onChange={() => toggle(state, facet, value)} />
          <bdi>{value}</bdi> <span class="count">{count}</span>
        </label>
      ))}
      {all.length > MOST && <p class="none">{t("and {0} more: type one above", all.length - MOST)}</p>}
    </fieldset>
  );
}

function toggle(state: State, facet: Facet, value: string) {
  const picked = state.filter.value[facet];
  const now = picked.includes(value) ? picked.filter((each) => each !== value) : [...picked, value];
  state.filter.value = { ...state.filter.value, [facet]: now };
}

/** A chip for each choice, which takes it back. */
export function FilterChips({ state }: { state: State }) {
  const filter = state.filter.value;
  if (!isActive(filter)) return null;
  const kept = state.kept.value?.reduce((sum, each) => sum + each, 0) ?? 0;
  return (
    <div class="chips" role="group" aria-label={t("Filters")}>
      {filter.text.trim() && <Chip what={t("text")} value={filter.text} take={() => (state.filter.value = { ...filter, text: "" })} />}
      {ENDS.map(([end, , what]) => {
        const time = filter[end];
        return time !== null && <Chip key={end} what={t(what)} value={when(time)} take={() => (state.filter.value = { ...filter, [end]: null })} />;
      })}
      {FACETS.flatMap((facet) =>
        filter[facet].map((value) => <Chip key={`${facet} ${value}`} what={t(ONE[facet])} value={value} take={() => toggle(state, facet, value)} />),
      )}
      <span class="muted" role="status">
        {t("{0} of {1} shown", kept, state.graph.value.nodes.length)}
      </span>
      <button class="text" data-testid="artnb-filter-clear" onClick={() => (state.filter.value = EVERYTHING)}>
        {t("Show all")}
      </button>
    </div>
  );
}

function Chip({ what, value, take }: { what: string; value: string; take: () => void }) {
  return (
    <button class="chip" data-testid="artnb-chip" title={t("Take this choice back")} onClick={take}>
      {what} <bdi>{value}</bdi> <span aria-hidden="true">✕</span>
      <span class="said">{t(": take back")}</span>
    </button>
  );
}
