// The plot of a job: a panel per cell, a row per server; the dot is the median, the line min to max,
// the tick the upper quartile, the dashed line the control's median.
import { CONTROL } from '../servers/index.js';
import { linesOf } from './lines.js';
import { logScale } from './log-scale.js';
import { short, times } from './numbers.js';
import { element } from './svg.js';

const WIDTH = 860;
const LEFT = 110;
const RIGHT = 690;
const ROW = 18;
const TITLE = 34;
const PANEL_FOOT = 34;
const INK = '#1f2328';
const FAINT = '#d0d7de';
const COLORS = { roomgate: '#d6336c', control: '#0b5cad', other: '#6e7781' };

/** @typedef {{ title: string, unit: string, lines: import('./lines.js').Line[] }} Panel */

/**
 * @param {import('../jobs/job.types.js').Job} job
 * @param {import('../runner/results.js').Results} results
 * @param {string[]} servers
 * @returns {string}
 */
export function plotOf(job, results, servers) {
  const panels = job.cells
    .map(({ name, unit }) => ({
      title: name,
      unit,
      lines: linesOf(results, job.name, name, servers, job.control),
    }))
    .filter(({ lines }) => lines.length > 0);
  let top = TITLE;
  const drawn = panels.map((panel) => {
    const group = element(
      'g',
      { transform: `translate(0 ${top})` },
      drawPanel(panel, scaleFor(panel.unit, panels)),
    );
    top += heightOf(panel);
    return group;
  });
  const frame = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${top}` };
  return element('svg', { ...frame, 'font-family': 'system-ui, sans-serif', 'font-size': 12 }, [
    element('rect', { width: WIDTH, height: top, fill: 'white' }),
    text(12, 22, `${job.name}: logarithmic, less is better`, {
      'font-weight': 600,
      'font-size': 14,
    }),
    ...drawn,
  ]);
}

/**
 * Panels of one unit share an axis, so that they can be compared.
 *
 * @param {string} unit
 * @param {Panel[]} panels
 */
function scaleFor(unit, panels) {
  const lines = panels.filter((panel) => panel.unit === unit).flatMap((panel) => panel.lines);
  return logScale(
    lines.flatMap(({ value }) => [value.min, value.max]),
    LEFT,
    RIGHT,
  );
}

/** @param {Panel} panel */
function heightOf({ lines }) {
  return (lines.length + 1) * ROW + PANEL_FOOT;
}

/**
 * @param {Panel} panel
 * @param {import('./log-scale.js').Scale} scale
 */
function drawPanel({ title, unit, lines }, scale) {
  const bottom = (lines.length + 1) * ROW - 4;
  const control = lines.find(({ server }) => server === CONTROL);
  return [
    text(12, 12, `${title}, ${unit}`, { 'font-weight': 600 }),
    ...scale.ticks.flatMap((tick) => [
      vertical(scale.at(tick), ROW, bottom, { stroke: FAINT }),
      text(scale.at(tick), bottom + 14, String(tick), { 'text-anchor': 'middle', 'font-size': 10 }),
    ]),
    ...(control ? [controlLine(scale.at(control.value.median), bottom)] : []),
    ...lines.flatMap((line, index) => drawLine(line, (index + 1.5) * ROW, scale)),
  ];
}

/**
 * @param {number} x
 * @param {number} bottom
 */
function controlLine(x, bottom) {
  return vertical(x, ROW, bottom, { stroke: COLORS.control, 'stroke-dasharray': '3 3' });
}

/**
 * @param {import('./lines.js').Line} line
 * @param {number} y
 * @param {import('./log-scale.js').Scale} scale
 */
function drawLine({ server, value, ratio }, y, scale) {
  const color = colorOf(server);
  const weight = server === 'roomgate' ? 600 : 400;
  const label = `${short(value.median)}  ${times(ratio?.median)}`;
  const [x1, x2] = [scale.at(value.min), scale.at(value.max)];
  return [
    text(LEFT - 8, y + 4, server, { 'text-anchor': 'end', fill: color, 'font-weight': weight }),
    element('line', { x1, x2, y1: y, y2: y, stroke: color, 'stroke-width': 2, opacity: 0.5 }),
    vertical(scale.at(value.upperQuartile), y - 5, y + 5, { stroke: color }),
    element('circle', { cx: scale.at(value.median), cy: y, r: 4.5, fill: color }),
    text(RIGHT + 14, y + 4, label, { fill: color, 'font-weight': weight }),
  ];
}

/** @param {string} server */
function colorOf(server) {
  if (server === 'roomgate') return COLORS.roomgate;
  return server.startsWith(CONTROL) ? COLORS.control : COLORS.other;
}

/**
 * @param {number} x
 * @param {number} y1
 * @param {number} y2
 * @param {Record<string, string | number>} attributes
 */
function vertical(x, y1, y2, attributes) {
  return element('line', { x1: x, x2: x, y1, y2, ...attributes });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {Record<string, string | number>} attributes
 */
function text(x, y, content, attributes = {}) {
  return element('text', { x, y, fill: INK, ...attributes }, content);
}
