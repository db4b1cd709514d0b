// Charts whose axes are names: bars with labels, matrices of numbers, and boxes from quartile to
// quartile. They are tables to be read.

import { number } from "../format";
import type { Chart } from "../protocol";
import { t } from "../texts";
import { said, stepOf, type Line } from "./chart";

type Shown = Line & { chart: Chart };

export function LabelChart({ name, lines }: { name: string; lines: Line[] }) {
  const shown = lines.filter((line): line is Shown => !!line.chart?.labels && !line.hidden);
  return (
    <figure class="chart" data-testid="artnb-chart" data-key={name}>
      <figcaption>
        <bdi>{name}</bdi>
        {shown.length === 1 && <span class="last">{stepOf(shown[0].chart)}</span>}
      </figcaption>
      <div class="rows" tabIndex={0} role="region" aria-label={name}>
        {shown.map((line) => line.chart.counts && <Matrix key={line.node} line={line} alone={shown.length === 1} />)}
        <Boxes lines={shown.filter((line) => line.chart.boxes)} />
        <Bars lines={shown.filter((line) => !line.chart.counts && !line.chart.boxes)} />
      </div>
    </figure>
  );
}

function Bars({ lines }: { lines: Shown[] }) {
  const labels = [...new Set(lines.flatMap(({ chart }) => chart.labels!))];
  const all = lines.flatMap(({ chart }) => chart.y.map((value) => value ?? 0));
  const low = Math.min(0, ...all);
  const span = Math.max(0, ...all) - low || 1;
  // The rest is for the number behind it.
  const share = (part: number) => `${(80 * part) / span}%`;
  return (
    <table class="bars">
      <tbody>
        {labels.map((label) => (
          <tr key={label}>
            <th scope="row">
              <bdi>{label}</bdi>
            </th>
            <td style={low < 0 ? { "--zero": share(-low) } : undefined}>
              {lines.map(({ node, place, chart }) => {
                const value = chart.y[chart.labels!.indexOf(label)];
                return (
                  <div key={node} class={`l${place % 7}`}>
                    <i style={{ marginInlineStart: share(Math.min(0, value ?? 0) - low), width: share(Math.abs(value ?? 0)) }} />
                    {value === undefined ? "" : said(value)}
                  </div>
                );
              })}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Numbers in so many columns can be read; of more the colour is seen, and the pointer tells. */
const MOST_READ = 12;

function Matrix({ line: { chart, label, place }, alone }: { line: Shown; alone: boolean }) {
  const columns = chart.columns ?? chart.labels!;
  const known = chart.counts!.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const small = columns.length > MOST_READ && chart.columns !== undefined;
  // Of both signs each has its colour; else the least has none, and of counts zero.
  const base = low < 0 && high > 0 ? 0 : chart.columns ? low : 0;
  const span = Math.max(high - base, base - low) || 1;
  const cell = (value: number | null, i: number, j: number) => {
    const said = value === null ? "" : number(value);
    const style = { "--part": `${((small ? 95 : 55) * Math.abs((value ?? base) - base)) / span}%` };
    const title = small ? `${chart.labels![i]}, ${columns[j]}: ${said}` : undefined;
    return <td key={j} class={value !== null && value < base ? `l${(place + 1) % 7}` : ""} style={style} title={title}>{small ? "" : said}</td>;
  };
  const head = (name: string, i: number) => <th key={i}><bdi>{name}</bdi></th>;
  return (
    <table class={`matrix l${place % 7} ${small ? "small" : ""}`}>
      <caption>
        {!(alone && chart.columns) && <><bdi>{label}</bdi>: </>}
        {chart.columns ? known.length > 0 && t("from {0} to {1}", number(low), number(high)) : t("actual ↓ predicted →")}
      </caption>
      <tbody>
        <tr>
          <td />
          {columns.map(head)}
        </tr>
        {chart.counts!.map((row, i) => (
          <tr key={i}>
            {head(chart.labels![i], i)}
            {row.map((value, j) => cell(value, i, j))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Boxes({ lines }: { lines: Shown[] }) {
  const labels = [...new Set(lines.flatMap(({ chart }) => chart.labels!))];
  const all = lines.flatMap(({ chart }) => chart.boxes!.flat());
  const [least, span] = [Math.min(...all), Math.max(...all) - Math.min(...all) || 1];
  const between = (from: number, to: number) => ({ insetInlineStart: `${(100 * (from - least)) / span}%`, width: `${(100 * (to - from)) / span}%` });
  return (
    <table class="bars">
      <tbody>
        {labels.map((label) => (
          <tr key={label}>
            <th scope="row">
              <bdi>{label}</bdi>
            </th>
            <td>
              {lines.map(({ node, place, chart }) => {
                const box = chart.boxes![chart.labels!.indexOf(label)];
                if (!box) return null;
                const [low, first, middle, third, high] = box;
                return (
                  <div key={node} class={`box-of l${place % 7}`}>
                    <span aria-hidden="true">
                      <i class="reach" style={between(low, high)} />
                      <i style={between(first, third)} />
                      <i class="middle" style={between(middle, middle)} />
                    </span>
                    {t("median {0} ({1} to {2})", number(middle), number(first), number(third))}
                  </div>
                );
              })}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
