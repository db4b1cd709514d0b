// The numbers of runs as lines: which axis, which scale, how smooth, and several in one.

import uPlot from "uplot";
import type { Chart } from "./protocol";

export interface Plotting {
  axis: "step" | "time";
  log: boolean;
  /** 0: as they are; towards 1: ever smoother. */
  smoothing: number;
}
export const PLAIN: Plotting = { axis: "step", log: false, smoothing: 0 };

type Values = (number | null)[];

/** Debiased exponential moving average, as W&B and TensorBoard draw it: gaps stay gaps. */
export function smoothed(y: Values, weight: number): Values {
  if (weight <= 0) return y;
  let last = 0;
  let share = 0;
  return y.map((value) => {
    if (value === null) return null;
    last = last * weight + (1 - weight) * value;
    share = share * weight + (1 - weight);
    return last / share;
  });
}

/** x and y of a chart along an axis, in its order. */
export function along(chart: Chart, axis: Plotting["axis"]): { x: number[]; y: Values } {
  if (axis === "step" || !chart.t) return { x: chart.x, y: chart.y };
  const order = chart.t.map((_, i) => i).sort((a, b) => chart.t![a] - chart.t![b]);
  return { x: order.map((i) => chart.t![i]), y: order.map((i) => chart.y[i]) };
}

export interface Drawn {
  /** uPlot's data: x, then for each run its line, and where it is smoothed the line as logged. */
  data: uPlot.AlignedData;
  /** How many values a logarithmic scale cannot show. */
  lost: number;
  /** Whether any number is left to draw. */
  any: boolean;
}

/** The lines of several runs over one x; `undefined` for a run without this metric. */
export function joined(charts: (Chart | undefined)[], { axis, log, smoothing }: Plotting): Drawn {
  let lost = 0;
  let any = false;
  const positive = (y: Values) => y.map((value) => (value !== null && value <= 0 ? (lost++, null) : value));
  const tables: uPlot.AlignedData[] = charts.map((chart) => {
    const line = chart ? along(chart, axis) : { x: [], y: [] };
    const y = log ? positive(line.y) : line.y;
    any ||= y.some((value) => value !== null);
    return smoothing > 0 ? [line.x, smoothed(y, smoothing), y] : [line.x, y];
  });
  // A line's own gaps stay gaps; where only another line has an x, it goes on.
  const data: uPlot.AlignedData = tables.length > 1 ? uPlot.join(tables) : (tables[0] ?? [[]]);
  return { data, lost, any };
}
