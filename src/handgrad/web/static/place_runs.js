// Runs: a table with settings as columns, curves over each other, and the difference of two.

import { get } from './api.js';
import { link } from './app.js';
import { lineChart } from './charts.js';
import { button, field, h, number, percent, put, seconds, select } from './dom.js';
import { matches, termsOf } from './filter.js';
import { gallery } from './pictures.js';

/** @typedef {[string, string, (value: any) => string]} Column: name, title, value as text */

/** @type {Column[]} */
const RESULTS = [
  ['test_accuracy', 'test accuracy', percent], ['validation_accuracy', 'validation accuracy', percent],
  ['epoch', 'epochs', number], ['seconds', 'time', seconds], ['parameters', 'parameters', number],
];
const PAGE = 50;
const MOST = 20;
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', timeStyle: 'short' });
const inOrder = new Intl.Collator('en', { numeric: true }).compare;

/** @type {Column[]} */
const FIXED = [['name', 'run', String], ['state', 'state', String], ...RESULTS, ['changed', 'changed', (x) => moment.format(1000 * x)]];
/** Results without a column, which a filter may name. */
const OTHER = Object.fromEntries(['train_accuracy', 'test_loss', 'validation_loss', 'train_loss', 'best_epoch'].map((id) => [id, id.replace('_', ' ')]));
const plain = (x) => (typeof x === 'number' ? number(x) : String(x ?? ''));

/** The value of a column in a row. */
const valueOf = (row, column) => {
  if (column === 'name' || column === 'state' || column === 'changed') return row[column];
  return column in row.results ? row.results[column] : row.settings[column];
};

/** Settings that differ between runs, most often set first. */
export function variedSettings(rows) {
  const seen = new Map();
  for (const row of rows) for (const [name, value] of Object.entries(row.settings)) {
    if (!seen.has(name)) seen.set(name, new Map());
    seen.get(name).set(value, (seen.get(name).get(value) ?? 0) + 1);
  }
  return [...seen].filter(([, values]) => {
    const total = [...values.values()].reduce((a, b) => a + b, 0);
    return values.size > 1 || total < rows.length;
  }).map(([name]) => name);
}

/** What words of a filter are looked for in: name, state and the values of settings. */
const textOf = (row) => [row.name, row.state, ...Object.values(row.settings)].join(' ').toLowerCase();

function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return inOrder(String(a), String(b));
}

export async function show(root, here) {
  const state = { sort: 'changed', down: '1', filter: '', chosen: '', of: 'validation', ...here.given };
  const chosen = new Set(state.chosen ? state.chosen.split(',') : []);
  /** @type {any[]} */
  let rows = [];
  let [texts, varied] = [rows, rows]; // of the rows, computed when they are read
  let limit = PAGE;
  const count = h('span', { class: 'quiet', role: 'status' });
  const table = h('table', { class: 'runs' });
  const search = h('input', { type: 'search', value: state.filter, placeholder: 'lenet   optimizer.name=adam   test accuracy >= 90 %', oninput: (e) => { state.filter = e.target.value; limit = PAGE; note(); drawTable(); } });
  const curves = h('section', { class: 'card', 'aria-label': 'Curves' });
  const difference = h('section', { class: 'card', 'aria-label': 'Difference', hidden: true });
  root.append(
    h('div', { class: 'head' }, h('h1', null, 'Runs'), h('p', null, 'Every run of the folder, also those of the command line. Choose runs to see their curves over each other; choose two to see how they differ.')),
    h('div', { class: 'stack' }, field('Filter', search, 'Words of a name, a state or the value of a setting; or a column with =, !=, <, <=, > or >= and a value, such as epochs < 5 or time > 2 min'),
      h('div', { class: 'line' }, count, button('Choose none', () => { chosen.clear(); note(); drawTable(); drawCurves(); }, { class: 'small' })),
      h('div', { class: 'runs-scroll', tabindex: 0, role: 'region', 'aria-label': 'Table of runs' }, table), curves, difference));
  const charts = ['loss', 'accuracy'].map((kind) => lineChart({ title: kind === 'loss' ? 'Loss' : 'Accuracy', x: 'epoch', percent: kind === 'accuracy' }));
  const kept = new Map();
  put(curves, h('div', { class: 'line end' }, h('h2', null, 'Curves'), field('Images', select([['validation', 'validation'], ['train', 'training']], state.of, (v) => { state.of = v; note(); drawCurves(); }))),
    h('div', { class: 'pair' }, charts.map((c) => c.element)));

  function note() { here.keep({ ...state, chosen: [...chosen].join(',') }); }

  function drawTable() {
    const settings = [...new Set(rows.flatMap((row) => Object.keys(row.settings)))];
    const { terms, unknown } = termsOf(state.filter, [...FIXED.map(([id, title]) => [id, title]), ...Object.entries(OTHER), ...settings.map((name) => [name, name])]);
    const shown = new Map(FIXED.map(([id, , text]) => [id, text]));
    const found = unknown ? [] : rows.filter((row, k) => matches(terms, texts[k], (id) => valueOf(row, id), (id) => (shown.get(id) ?? plain)(valueOf(row, id))));
    const way = state.down ? -1 : 1;
    found.sort((a, b) => {
      const [x, y] = [valueOf(a, state.sort), valueOf(b, state.sort)];
      return x === undefined || y === undefined ? compare(x, y) : way * compare(x, y);
    });
    /** @type {Column[]} */
    const columns = [...FIXED, ...varied.map((name) => /** @type {Column} */ ([name, name, plain]))];
    put(count, unknown || (rows.length ? `${found.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')} runs` : ''));
    const head = columns.map(([id, text]) => h('th', { scope: 'col', 'aria-sort': id === state.sort ? (state.down ? 'descending' : 'ascending') : null },
      button(text, () => {
        state.down = state.sort === id && state.down ? '' : '1';
        state.sort = id;
        note();
        drawTable();
        table.querySelector('th[aria-sort] button')?.focus();
      })));
    const body = found.slice(0, limit).map((row) => h('tr', { class: chosen.has(row.id) ? 'chosen' : null },
      h('td', null, h('input', { type: 'checkbox', checked: chosen.has(row.id), 'aria-label': `Choose ${row.name}`, onchange: (e) => choose(row.id, e.target) })),
      columns.map(([id, , text]) => {
        if (id === 'name') return h('th', { scope: 'row' }, h('a', { href: link('train', { run: row.id }) }, row.name));
        if (id === 'state') return h('td', null, h('span', { class: `chip ${row.state}` }, row.state));
        const value = valueOf(row, id);
        return h('td', { class: typeof value === 'number' ? 'number' : null, title: typeof value === 'string' ? value : null }, value === undefined ? '' : text(value));
      })));
    put(table, h('thead', null, h('tr', null, h('th', null, h('span', { class: 'hidden' }, 'Choose')), head)), h('tbody', null, body),
      found.length > limit ? h('tfoot', null, h('tr', null, h('td', { colspan: columns.length + 1 }, button(`Show all ${found.length.toLocaleString('en')}`, () => { limit = Infinity; drawTable(); }, { class: 'small' })))) : null);
  }

  function choose(id, box) {
    if (box.checked) chosen.add(id); else chosen.delete(id);
    if (chosen.size > MOST) { chosen.delete(id); box.checked = false; here.fail(new Error(`At most ${MOST} runs are drawn over each other.`)); }
    box.closest('tr').classList.toggle('chosen', box.checked);
    note();
    drawCurves().catch(here.fail);
  }

  async function drawCurves() {
    const wanted = [...chosen].filter((id) => rows.some((row) => row.id === id));
    await Promise.all(wanted.filter((id) => !kept.has(id)).map(async (id) => kept.set(id, await get(`runs/${id}/epochs`, here.signal))));
    for (const [k, kind] of ['loss', 'accuracy'].entries()) {
      charts[k].draw(wanted.map((id, colour) => ({
        name: rows.find((row) => row.id === id).name, colour, dashed: colour >= 8,
        points: kept.get(id).map((row) => [row.epoch, row[`${state.of}_${kind}`]]).filter(([, v]) => typeof v === 'number'),
      })));
    }
    difference.hidden = wanted.length !== 2;
    if (wanted.length === 2) await drawDifference(wanted[0], wanted[1]);
  }

  async function drawDifference(a, b) {
    const [first, second] = [a, b].map((id) => rows.find((row) => row.id === id));
    const settings = await get(`runs/${a}/difference/${b}`, here.signal);
    const results = RESULTS.filter(([id]) => first.results[id] !== second.results[id]);
    const line = (name, values, text = (x) => (typeof x === 'number' ? number(x) : String(x ?? 'not set'))) => h('tr', null, h('th', { scope: 'row' }, name), values.map((v) => h('td', null, text(v))));
    const flipped = h('div');
    put(difference, h('h2', null, 'Difference'), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Difference of two runs' }, h('table', null,
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'setting or result'), h('th', { scope: 'col' }, first.name), h('th', { scope: 'col' }, second.name))),
      h('tbody', null, Object.entries(settings).map(([name, pair]) => line(name, pair)), results.map(([id, name, text]) => line(name, [first.results[id], second.results[id]], text))))),
    Object.keys(settings).length ? null : h('p', { class: 'quiet' }, 'All settings are equal.'),
    button('Show test images that only one network classifies correctly', async (event) => {
      event.target.disabled = true;
      put(flipped, h('p', { class: 'quiet' }, 'Both networks classify all test images; this takes a few seconds.'));
      try {
        const found = await get(`runs/${a}/flipped/${b}`, here.signal);
        const text = (row) => `${found.classes[row.true]}, predicted as ${found.classes[row.predicted]}`;
        put(flipped, h('h3', null, `${found.counts[0]} images that only ${second.name} gets right`), gallery(found.gained, text),
          h('h3', null, `${found.counts[1]} images that only ${first.name} gets right`), gallery(found.lost, text));
      } catch (error) { put(flipped, h('p', { class: 'problem' }, error.message)); }
      event.target.disabled = false;
    }), flipped);
  }

  async function read() {
    rows = await get('runs', here.signal);
    [texts, varied] = [rows.map(textOf), variedSettings(rows)];
    for (const row of rows) if (row.state === 'running') kept.delete(row.id);
    here.well();
    if (!rows.length) {
      put(count, 'No runs yet. ', h('a', { href: link('train') }, 'Train a first one'), ', or start handgrad ui with --runs DIR.');
    }
    drawTable();
  }
  await read();
  if (!here.given.chosen && rows.length) for (const row of rows.slice(0, 2)) chosen.add(row.id);
  drawTable();
  await drawCurves();
  here.every(rows.length > 300 ? 15000 : 3000, async () => {
    const before = JSON.stringify(rows);
    const active = document.activeElement;
    const found = await get('runs', here.signal);
    if (JSON.stringify(found) === before || table.contains(active)) return;
    await read();
    await drawCurves();
  });
}
