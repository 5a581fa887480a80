/** Bars by day, stacked by series. The table below a chart has the same figures. */

import { html, useState } from "../core/dom.js";
import { Text } from "./basics.js";

const COLOURS = 6;

/** @typedef {{day: string, values: number[]}} Stack */

/** @param {{stacks: Stack[], series: string[], shown: (value: number) => string, label: string}} properties */
export function Chart({ stacks, series, shown, label }) {
  const [at, setAt] = useState(-1);
  const sums = stacks.map(({ values }) => values.reduce((sum, each) => sum + each, 0));
  const most = Math.max(...sums, 0) || 1;
  const total = sums.reduce((sum, each) => sum + each, 0);
  const day = stacks[at];
  return html`<figure class="chart" aria-label=${`${label}: ${shown(total)} in all`}>
    <div class="plot" aria-hidden="true" onMouseLeave=${() => setAt(-1)}>
      <span class="most quiet">${shown(most)}</span>
      ${stacks.map((stack, index) => html`<div key=${stack.day} class=${index === at ? "stack-bar at" : "stack-bar"} onMouseEnter=${() => setAt(index)}>
        ${stack.values.map((value, which) => value > 0 && html`<span key=${which} class=${`series-${which % COLOURS}`} style=${{ blockSize: `${(100 * value) / most}%` }}></span>`)}
      </div>`)}
    </div>
    <div class="scale quiet" aria-hidden="true"><span>${stacks[0]?.day}</span><span>${stacks.at(-1)?.day}</span></div>
    <figcaption>
      <span class="said">${day ? html`<b>${day.day}</b> ${shown(sums[at])}` : html`<b>In all</b> ${shown(total)}`}</span>
      <ul class="legend">${series.map((name, which) => html`<li key=${name}><span class=${`swatch series-${which % COLOURS}`} aria-hidden="true"></span>
        <${Text}>${name}<//> <span class="quiet">${shown(day ? day.values[which] : stacks.reduce((sum, stack) => sum + stack.values[which], 0))}</span></li>`)}</ul>
    </figcaption>
  </figure>`;
}
