// The row with which a project's growth is replayed: play, time, what was there then.

import { useEffect, useRef } from "preact/hooks";
import { number } from "./format";
import { play } from "./replay";
import { stillness } from "./scene";
import type { State } from "./state";
import { locale, t } from "./texts";

/** Seconds where a project grew within a day. */
function momentOf(moments: Float64Array, at: number): string {
  const timeStyle = moments[moments.length - 1] - moments[0] < 86_400 ? "medium" : "short";
  return new Date(moments[at] * 1000).toLocaleString(locale(), { dateStyle: "medium", timeStyle });
}

export function ReplayButton({ state }: { state: State }) {
  const open = state.replaying.value;
  return (
    <button
      class="icon wide"
      aria-expanded={open}
      aria-controls="artnb-timeline"
      title={t("How the project grew (T)")}
      data-testid="artnb-replay"
      disabled={!state.graph.value.nodes.length}
      onClick={() => state.replay(!open)}
    >
      {t("Replay")}
    </button>
  );
}

export function Timeline({ state }: { state: State }) {
  return state.replaying.value ? <Row state={state} /> : null;
}

function Row({ state }: { state: State }) {
  const { moments, counts } = state.growth.value!;
  const playing = state.playing.value;
  const at = state.moment.value;
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  useEffect(() => {
    if (!playing) return;
    const stop = new AbortController();
    const where = () => ({ count: state.growth.peek()!.moments.length, position: state.position.peek() });
    play(where, (position) => state.goTo(position), stillness(), stop.signal);
    return () => stop.abort();
  }, [playing]);
  const onKey = (event: KeyboardEvent) => {
    const slider = (event.target as HTMLElement).tagName === "INPUT";
    if (event.key === "Escape") {
      const toolbar = root.current?.parentElement?.querySelector<HTMLElement>('[data-testid="artnb-replay"]');
      state.replay(false);
      toolbar?.focus();
    } else if (event.key === " " && slider) state.togglePlay();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const told = moments.length ? momentOf(moments, at) : t("Nothing is shown");
  const count = moments.length ? t("{0} of {1}", number(counts[at]), number(counts[counts.length - 1])) : "";
  return (
    <div class="timeline" id="artnb-timeline" role="group" aria-label={t("Replay")} data-testid="artnb-timeline" ref={root} onKeyDown={onKey}>
      <button ref={button} class="icon framed" aria-label={t(playing ? "Pause" : "Play")} data-testid="artnb-play" disabled={moments.length < 2} onClick={() => state.togglePlay()}>
        <span class={playing ? "sign pause" : "sign play"} aria-hidden="true" />
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(0, moments.length - 1)}
        step={1}
        value={at}
        aria-label={t("Time")}
        aria-valuetext={t("{0}, {1} runs and versions", told, count)}
        data-testid="artnb-time"
        data-lm-suppress-shortcuts="true"
        disabled={moments.length < 2}
        onInput={(event) => {
          state.playing.value = false;
          state.goTo(Number(event.currentTarget.value));
        }}
      />
      <span class="moment" data-testid="artnb-moment">
        <time dateTime={moments.length ? new Date(moments[at] * 1000).toISOString() : undefined}>{told}</time>
        <span class="muted">{count}</span>
      </span>
      <button class="icon" aria-label={t("End the replay")} data-testid="artnb-replay-end" onClick={() => state.replay(false)}>
        ✕
      </button>
    </div>
  );
}
