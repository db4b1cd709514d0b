// One metric of one or several runs as lines.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { duration, number } from "../format";
import type { Chart } from "../protocol";
import { joined, PLAIN, type Plotting } from "../series";
import { readTheme, watchTheme } from "../theme";
import { t } from "../texts";

/** A run's line: whose it is, and which colour it has. */
export interface Line {
  node: string;
  label: string;
  place: number;
  hidden: boolean;
  chart: Chart | undefined;
}

const HEIGHT = 150;
const MOST_SAID = 20;

export function LineChart({ name, lines, plotting: wanted }: { name: string; lines: Line[]; plotting: Plotting }) {
  const ofStep = lines.some((line) => line.chart?.draw);
  const plotting = ofStep ? PLAIN : wanted;
  const holder = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  const [at, setAt] = useState<number | null>(null);
  const shown = lines.filter((line) => line.chart && !line.hidden);
  const what = JSON.stringify([shown.map((line) => [line.node, line.place, ...sketched(line.chart!)]), plotting]);
  const drawn = useMemo(() => (seen ? joined(shown.map((line) => line.chart), plotting) : null), [seen, what]);

  useEffect(() => {
    const observer = new IntersectionObserver((found) => {
      if (found.some((each) => each.isIntersecting)) observer.disconnect(), setSeen(true);
    });
    observer.observe(holder.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = holder.current;
    const root = element?.closest<HTMLElement>(".artnb");
    if (!element || !root || !drawn?.any) return;
    const stop = new AbortController();
    let plot: uPlot | null = null;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(options(shown, plotting, readTheme(root), element.clientWidth || 300, setAt), drawn.data, element);
    };
    draw();
    watchTheme(draw, stop.signal);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      stop.abort();
      observer.disconnect();
      plot?.destroy();
      setAt(null);
    };
  }, [seen, what]);

  const [only] = shown;
  const last = only?.chart!.y.at(-1);
  return (
    <figure class="chart" data-testid="artnb-chart" data-key={name}>
      <figcaption>
        <bdi>{name}</bdi>
        {at !== null && drawn ? (
          <Readout data={drawn.data} at={at} lines={shown} plotting={plotting} />
        ) : (
          shown.length === 1 && <span class="last">{ofStep ? stepOf(only.chart!) : said(last)}</span>
        )}
      </figcaption>
      <div ref={holder} class="plot" role="img" aria-label={describe(name, shown)}>
        {drawn && !drawn.any && <p class="none">{t(drawn.lost ? "No value is above zero: a logarithmic scale has none to show." : "No number to show.")}</p>}
      </div>
      {drawn && drawn.any && drawn.lost > 0 && <p class="facts">{t("{0} values that are not above zero are left out.", number(drawn.lost))}</p>}
    </figure>
  );
}

/** What differs where a chart is to be drawn anew; the bins of a histogram stay, and its counts do not. */
const sketched = ({ x, y, step }: Chart) => [x.length, x.at(-1), step, y.reduce<number>((sum, value) => sum + (value ?? 0), 0)];

/** What the lines are where the pointer is. */
function Readout({ data, at, lines, plotting }: { data: uPlot.AlignedData; at: number; lines: Line[]; plotting: Plotting }) {
  const jump = plotting.smoothing > 0 ? 2 : 1;
  const x = data[0][at];
  return (
    <span class="last">
      {plotting.axis === "time" ? duration(x) : along(x, lines[0].chart)}
      {lines.map((line, i) => {
        const y = data[1 + i * jump]?.[at];
        return (
          y !== undefined && (
            <span key={line.node} class={`value-of l${line.place % 7}`}>
              {said(y)}
            </span>
          )
        );
      })}
    </span>
  );
}

/** Of which step a chart is; nothing of one that a cell showed. */
export const stepOf = (chart: Chart) => (chart.step === undefined ? "" : t("step {0}", number(chart.step)));

/** A date as its chart has it, whatever the time zone. */
const along = (x: number, chart: Chart | undefined) => (chart?.dates ? new Date(x * 1000).toISOString().slice(0, 16).replace("T00:00", "").replace("T", " ") : number(x));

export const said = (value: number | null | undefined) => (value === null || value === undefined ? t("not a number") : number(value));

function describe(name: string, lines: Line[]): string {
  if (!lines.length) return t("{0}: no line is shown", name);
  const each = lines.map(({ label, chart }) => {
    const values = chart!.draw
      ? [stepOf(chart!), ...chart!.x.slice(0, MOST_SAID).map((x, i) => `${along(x, chart)}: ${said(chart!.y[i])}`)].filter(Boolean).join(", ")
      : t("{0} values, the last {1} at step {2}", chart!.x.length, said(chart!.y.at(-1)), chart!.x.at(-1) ?? "");
    return lines.length === 1 ? values : t("{0} has {1}", label, values);
  });
  return `${name}: ${each.join("; ")}`;
}

function options(lines: Line[], plotting: Plotting, theme: ReturnType<typeof readTheme>, width: number, point: (at: number | null) => void): uPlot.Options {
  const axis = {
    stroke: theme.muted,
    grid: { stroke: theme.line, width: 1 },
    ticks: { stroke: theme.line, width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
  };
  const bins = lines.find(({ chart }) => chart!.draw === "bars")?.chart!.x ?? [];
  // The first bar and the last are as wide as the others.
  const half = bins.length > 1 ? (bins.at(-1)! - bins[0]) / (bins.length - 1) / 2 : 0;
  const dates = lines.some(({ chart }) => chart!.dates);
  const compact = (_: unknown, values: number[]) => values.map((value) => (value === null ? "" : short(value)));
  const lasting = (_: unknown, values: number[]) => values.map((value) => duration(Math.max(0, value)));
  const series: uPlot.Series[] = lines.flatMap(({ label, place, chart }) => {
    const stroke = theme.palette[place % theme.palette.length];
    const dash = place >= theme.palette.length ? [6, 3] : undefined;
    const line: uPlot.Series = { label, stroke, width: 2, dash, points: { show: chart!.x.length < 30, size: 5 }, spanGaps: false };
    if (chart!.draw === "bars") Object.assign(line, { width: 0, fill: stroke, alpha: 0.6, points: { show: false }, paths: uPlot.paths.bars!({ size: [1] }) });
    if (chart!.draw === "points") Object.assign(line, { width: 0, points: { show: true, size: 5 } });
    // As logged, behind its own smooth line.
    return plotting.smoothing > 0 ? [line, { label, stroke, width: 1, alpha: 0.3, points: { show: false }, spanGaps: false }] : [line];
  });
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), "UTC"),
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { time: dates, ...(half && { range: (_, low, high) => [low - half, high + half] }) }, y: plotting.log ? { distr: 3 } : {} },
    series: [{ label: plotting.axis }, ...series],
    axes: [
      dates ? { ...axis, size: 36 } : { ...axis, values: plotting.axis === "time" ? lasting : compact, size: 26, space: plotting.axis === "time" ? 70 : 50 },
      { ...axis, values: compact, size: 48 },
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? null)] },
  };
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential().replace("e+", "e");
  if (size >= 1e9) return `${+(value / 1e9).toFixed(1)}G`;
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  return number(value);
}
