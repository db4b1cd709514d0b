// Charts whose axes are names: bars with labels, and matrices of counts. They are tables to be read.

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
        {shown.map((line) => line.chart.counts && <Matrix key={line.node} line={line} />)}
        <Bars lines={shown.filter((line) => !line.chart.counts)} />
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

function Matrix({ line: { chart, label, place } }: { line: Shown }) {
  const most = Math.max(1, ...chart.counts!.flat());
  const heads = chart.labels!.map((name, i) => (
    <th key={i}>
      <bdi>{name}</bdi>
    </th>
  ));
  return (
    <table class={`matrix l${place % 7}`}>
      <caption>
        <bdi>{label}</bdi>: {t("actual ↓ predicted →")}
      </caption>
      <tbody>
        <tr>
          <td />
          {heads}
        </tr>
        {chart.counts!.map((counts, i) => (
          <tr key={i}>
            {heads[i]}
            {counts.map((count, j) => (
              <td key={j} style={{ "--part": `${(55 * count) / most}%` }}>
                {number(count)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
