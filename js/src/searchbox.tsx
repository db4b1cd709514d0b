// Search: what is found while one types, as a list to choose from.

import { useEffect, useRef, useState } from "preact/hooks";
import { label } from "./groups";
import { Shape } from "./panels/parts";
import { haysOf } from "./search";
import type { State } from "./state";
import { t } from "./texts";

export function SearchBox({ state }: { state: State }) {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const found = state.hits.value;
  const choose = (id: string) => {
    state.asTable.value = false;
    state.select(id);
    state.query.value = "";
    setOpen(false);
  };
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.children[at]?.scrollIntoView?.({ block: "nearest" }), [at, open]);
  const onKey = (event: KeyboardEvent) => {
    // Of who is still composing a letter: Enter is the input method's.
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt(found.length ? (at + step + found.length) % found.length : 0);
    } else if (event.key === "Enter" && found[at]) choose(found[at].id);
    else if (event.key === "Escape") {
      state.query.value = "";
      setOpen(false);
    }
  };
  const shown = open && state.query.value.trim() !== "";
  return (
    <div class="search">
      <input
        type="search"
        placeholder={t("Search")}
        aria-label={t("Search runs and artifacts")}
        role="combobox"
        list={undefined}
        aria-expanded={shown}
        aria-controls="artnb-results"
        aria-activedescendant={shown && found[at] ? `artnb-result-${at}` : undefined}
        data-testid="artnb-search"
        data-lm-suppress-shortcuts="true"
        value={state.query.value}
        onInput={(event) => {
          state.query.value = event.currentTarget.value;
          setAt(0);
          setOpen(true);
        }}
        onFocus={() => {
          setOpen(true);
          haysOf(state.graph.value);
        }}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      {shown && (
        <ul ref={list} id="artnb-results" role="listbox" aria-label={t("Found")}>
          {found.map((node, i) => (
            <li
              key={node.id}
              id={`artnb-result-${i}`}
              role="option"
              aria-selected={i === at}
              data-testid="artnb-result"
              // Before the input's blur closes the list.
              onMouseDown={(event) => (event.preventDefault(), choose(node.id))}
            >
              <Shape state={state} id={node.id} />
              <bdi class="label">{label(node)}</bdi>
              <bdi class="type">{node.type}</bdi>
            </li>
          ))}
          {!found.length && (
            <li role="option" aria-selected={false} aria-disabled="true" class="none">
              {t("Nothing found")}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
