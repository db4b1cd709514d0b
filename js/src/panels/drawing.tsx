// A chart that a cell showed, of Plotly, Altair or Bokeh: drawn anew from some of its points, for
// no script of theirs runs here.

import type { Chart } from "../protocol";
import { PLAIN } from "../series";
import { LineChart, type Line } from "./chart";
import { LabelChart } from "./labelled";

export function Drawing({ text, charts }: { text: string; charts: Chart[] }) {
  const lines: Line[] = charts.map((chart, place) => ({ node: String(place), label: chart.key, place, hidden: false, chart }));
  const labelled = lines.filter((line) => line.chart!.labels);
  const drawn = lines.filter((line) => !line.chart!.labels);
  if (!lines.length) return <pre class="code" tabIndex={0}>{text}</pre>;
  return (
    <div class="drawing" data-testid="artnb-drawing">
      {drawn.length > 0 && <LineChart name={text} lines={drawn} plotting={PLAIN} />}
      {labelled.length > 0 && <LabelChart name={drawn.length ? labelled.map((line) => line.label).join(", ") : text} lines={labelled} />}
      {lines.length > 1 && (
        <ul class="series">
          {lines.map((line) => (
            <li key={line.node}>
              <span class={`line l${line.place % 7} ${line.place >= 7 ? "dashed" : ""}`}>
                <bdi>{line.label}</bdi>
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
