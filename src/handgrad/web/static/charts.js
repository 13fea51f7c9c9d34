// Line and bar charts as SVG. Every chart has its numbers as a table to download.

import { button, download, h, number, put, s } from './dom.js';

export const COLOURS = 8;
const USUAL = 560;
const HEIGHT = 260;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 34;

/** Round steps between two numbers. */
export function ticks(low, high, count = 5) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw) ?? raw;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function range(values, includeZero) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (!Number.isFinite(low)) return [0, 1];
  if (includeZero) low = Math.min(0, low);
  if (low === high) { low -= Math.abs(low) * 0.1 || 0.5; high += Math.abs(high) * 0.1 || 0.5; }
  const pad = (high - low) * 0.04;
  return [includeZero && low === 0 ? 0 : low - pad, high + pad];
}

/** Rows of a chart as CSV. */
export function csv(x, series) {
  const rows = series.flatMap((one) => one.points.map(([a, b]) => [one.name, a, b]));
  const cell = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value);
  return [['series', x, 'value'], ...rows].map((row) => row.map(cell).join(',')).join('\n');
}

/** A chart that can be drawn again with other series: {name, points: [[x, y]], faint, colour, dashed}. */
export function lineChart({ title, x, percent = false }) {
  const show = percent ? (v) => `${number(100 * v, 4)} %` : (v) => number(v, 4);
  const svg = s('svg', { class: 'chart', role: 'img', height: HEIGHT });
  let width = USUAL;
  const legend = h('ul', { class: 'legend' });
  const reading = h('p', { class: 'reading', 'aria-hidden': 'true' }, '\u00a0');
  let shown = [];
  const figure = h('figure', { class: 'line-chart' },
    h('figcaption', null, h('span', null, title),
      button('CSV', () => download(`${title.toLowerCase().replaceAll(' ', '-')}.csv`, csv(x, shown)), { class: 'small', 'aria-label': `${title}: download the numbers as CSV` })),
    svg, reading, legend);
  let scale = null;

  function draw(series) {
    shown = series;
    width = svg.clientWidth || width;
    svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    const all = series.flatMap((one) => one.points);
    const [x0, x1] = all.length ? [Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]), 1)] : [0, 1];
    const solid = series.filter((one) => !one.faint).flatMap((one) => one.points);
    const [y0, y1] = range((solid.length ? solid : all).map((p) => p[1]), !percent);
    const px = (v) => LEFT + ((v - x0) / (x1 - x0 || 1)) * (width - LEFT - RIGHT);
    const py = (v) => TOP + (1 - (Math.min(Math.max(v, y0), y1) - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
    scale = { px, py, x0, x1 };
    const yTicks = ticks(y0, y1);
    const xTicks = ticks(x0, x1, Math.max(2, Math.round(width / 95))).filter((v) => Number.isInteger(v));
    const last = series.filter((one) => !one.faint && one.points.length)
      .map((one) => `${one.name}: ${show(one.points.at(-1)[1])}`).join('; ');
    svg.setAttribute('aria-label', `${title}. ${last || 'No values yet.'}`);
    put(svg,
      s('g', { class: 'grid' }, yTicks.map((v) => s('line', { x1: LEFT, x2: width - RIGHT, y1: py(v), y2: py(v) }))),
      s('g', { class: 'axis' },
        yTicks.map((v) => s('text', { x: LEFT - 8, y: py(v) + 4, 'text-anchor': 'end' }, show(v))),
        xTicks.map((v) => s('text', { x: px(v), y: HEIGHT - BOTTOM + 17, 'text-anchor': 'middle' }, number(v))),
        s('text', { x: width - RIGHT, y: HEIGHT - 3, 'text-anchor': 'end', class: 'unit' }, x),
        s('line', { x1: LEFT, x2: width - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM })),
      series.map((one) => {
        const path = one.points.map(([a, b], k) => `${k ? 'L' : 'M'}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join('');
        const kind = `series c${(one.colour ?? 0) % COLOURS}${one.faint ? ' faint' : ''}${one.dashed ? ' dashed' : ''}`;
        if (one.points.length === 1) return s('circle', { class: kind, cx: px(one.points[0][0]), cy: py(one.points[0][1]), r: 3 });
        return s('path', { d: path, class: kind });
      }),
      s('line', { class: 'cursor', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' }));
    if (!all.length) svg.append(s('text', { x: (width + LEFT) / 2, y: HEIGHT / 2 - 8, 'text-anchor': 'middle', class: 'empty' }, 'No epoch has ended yet'));
    put(legend, series.filter((one) => !one.faint).map((one) => h('li', null,
      h('span', { class: `swatch c${(one.colour ?? 0) % COLOURS}${one.dashed ? ' dashed' : ''}` }), one.name,
      one.points.length ? h('b', null, show(one.points.at(-1)[1])) : null)));
  }

  svg.addEventListener('pointermove', (event) => {
    if (!scale || !shown.length) return;
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const places = shown.filter((one) => !one.faint).flatMap((one) => one.points.map((p) => p[0]));
    if (!places.length) return;
    const near = places.reduce((a, b) => (Math.abs(scale.px(b) - at) < Math.abs(scale.px(a) - at) ? b : a));
    const line = svg.querySelector('.cursor');
    line.setAttribute('x1', scale.px(near));
    line.setAttribute('x2', scale.px(near));
    line.setAttribute('visibility', 'visible');
    const words = shown.filter((one) => !one.faint).map((one) => {
      const point = one.points.find((p) => p[0] === near);
      return point ? `${one.name} ${show(point[1])}` : null;
    }).filter(Boolean);
    put(reading, `${x} ${number(near)}: ${words.slice(0, 6).join(', ')}`);
  });
  svg.addEventListener('pointerleave', () => { svg.querySelector('.cursor')?.setAttribute('visibility', 'hidden'); put(reading, '\u00a0'); });
  draw([]);
  new ResizeObserver(() => { if (Math.abs(svg.clientWidth - width) > 1) draw(shown); }).observe(svg);
  return { element: figure, draw };
}

/**
 * Horizontal bars with their numbers: [{name, value, text, strong}].
 * @param {any[]} rows
 * @param {{label: string, most?: number}} options
 */
export function bars(rows, { label, most }) {
  const top = most ?? Math.max(...rows.map((row) => row.value), 1e-12);
  return h('table', { class: 'bars' },
    h('caption', { class: 'hidden' }, label),
    h('tbody', null, rows.map((row) => h('tr', { class: row.strong ? 'strong' : null },
      h('th', { scope: 'row' }, row.name),
      h('td', { class: 'bar' }, h('span', { style: { width: `${Math.max(0, Math.min(100, (100 * row.value) / top))}%` } })),
      h('td', { class: 'number' }, row.text ?? number(row.value))))));
}

/** Draw only when the browser is about to paint. */
export function later(act) {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; act(); });
  };
}
