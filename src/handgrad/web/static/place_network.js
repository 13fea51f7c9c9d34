// Network: rows of layers; sizes, costs and errors follow as one edits.

import { get, post } from './api.js';
import { link } from './app.js';
import { button, bytes, copy, field, h, keepFocus, number, put, select, sizes } from './dom.js';

const EXAMPLE = [
  { name: 'conv2d', out_channels: 16, kernel_size: 3, padding: 1 }, { name: 'relu' }, { name: 'max_pool2d', kernel_size: 2 },
  { name: 'flatten' }, { name: 'linear', out_features: 64 }, { name: 'relu' }, { name: 'linear' },
];
const FIRST = { conv2d: { out_channels: 16, kernel_size: 3, padding: 1 }, max_pool2d: { kernel_size: 2 }, average_pool2d: { kernel_size: 2 }, dropout: { rate: 0.3 }, residual: { body: [] }, sequential: { layers: [] } };
const NESTED = ['body', 'shortcut', 'layers'];
const INITIALIZED = ['conv2d', 'linear'];
const SHORT = { out_channels: 'channels', kernel_size: 'kernel', out_features: 'features', negative_slope: 'slope', initializer: 'initializer' };

/** The value of an option as typed: a number, a pair of numbers, a text, or nothing. */
export function optionOf(text) {
  const word = text.trim();
  if (word === '') return undefined;
  if (/^[-+.\d]/.test(word) && word.includes(',')) return word.split(',').map(Number);
  return Number.isNaN(Number(word)) ? word : Number(word);
}

/** Whether a data set of one's own can be trained on. */
export const isUsable = (one) => one.is_zip || one.classes.length > 1;

/** A word of a command line. */
const inShell = (text) => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The rows that an address holds; an error in our words for anything else. */
export function rowsOf(text) {
  let found;
  try { found = JSON.parse(text); } catch { found = null; }
  const isRow = (row) => typeof row?.name === 'string' && NESTED.every((name) => row[name] === undefined || (Array.isArray(row[name]) && row[name].every(isRow)));
  if (!Array.isArray(found) || !found.every(isRow)) throw new Error('The layers in the address are damaged. Open Network anew, or go back.');
  return found;
}

export async function show(root, here) {
  const [known, data] = await Promise.all([get('catalogue', here.signal), get('data', here.signal)]);
  const own = data.own.filter(isUsable);
  const state = { data: 'digits', rows: JSON.stringify(EXAMPLE), ...here.given };
  let rows = rowsOf(state.rows);
  const targets = known.datasets;
  for (const one of data.known) targets[one.id].stored = one.shape;
  const target = () => targets[state.data];
  /** @type {any} */
  let found = { layers: [], error: null };
  const add = button('Add a layer', () => { rows.push({ name: rows.length ? 'relu' : 'flatten' }); changed(); drawRows(`Kind of layer ${rows.length}`); });
  const list = h('ol', { class: 'rows', 'aria-label': 'Layers' });
  const totals = h('dl', { class: 'facts' });
  const code = h('div', { class: 'stack' });
  const problem = h('div', { role: 'alert' });
  let fields = [];
  let asked = 0;
  let soon = 0;

  async function compute() {
    const mine = ++asked;
    try {
      const answer = await post('network', { rows, ...target() }, here.signal);
      if (mine !== asked) return;
      found = answer;
      here.well();
      drawFound();
    } catch (error) { here.fail(error); }
  }

  function changed(redraw) {
    here.keep({ ...state, rows: JSON.stringify(rows) });
    if (redraw) drawRows();
    clearTimeout(soon);
    soon = setTimeout(compute, 120);
  }

  /** Draw all layers; `focus` names the control that gets it, by default the one that has it. */
  function drawRows(focus) {
    keepFocus(list, () => {
      fields = [];
      const [usual, stored] = [target().shape, target().stored ?? target().shape];
      put(list, h('li', { class: 'layer' }, h('div', { class: 'line' }, h('span', null, 'image'), h('span', { class: 'found' }, h('b', null, sizes(usual)), sizes(stored) === sizes(usual) ? null : h('span', null, `resized from ${sizes(stored)}`)))),
        rows.map((row, k) => layer(rows, row, k, true)));
      drawFound();
    }, add, focus);
  }

  function layer(owner, row, k, top) {
    const options = { ...known.layers[row.name] };
    if (INITIALIZED.includes(row.name)) options.initializer = 'he_normal';
    const result = h('span', { class: 'found' });
    const error = h('p', { class: 'error', hidden: true });
    const place = top ? `layer ${k + 1}` : 'inner layer';
    const name = select(Object.keys(known.layers), row.name, (value) => { owner[k] = { name: value, ...structuredClone(FIRST[value] ?? {}) }; changed(); drawRows(); }, { 'aria-label': `Kind of ${place}` });
    const inputs = Object.entries(options).filter(([option]) => !NESTED.includes(option)).map(([option, usual]) => h('label', { class: `option${option === 'initializer' ? ' wide' : ''}` }, SHORT[option] ?? option,
      h('input', {
        type: 'text', value: row[option] === undefined ? '' : String(row[option]), placeholder: usual === null ? (option === 'out_features' ? 'classes' : option === 'stride' ? 'kernel' : '') : String(usual), autocomplete: 'off',
        oninput: (e) => { const value = optionOf(e.target.value); if (value === undefined) delete row[option]; else row[option] = value; changed(); },
      })));
    const move = (by) => {
      const to = k + by;
      const way = to === 0 ? 'down' : to === owner.length - 1 ? 'up' : by < 0 ? 'up' : 'down'; // at an end the other way
      [owner[k], owner[to]] = [owner[to], owner[k]];
      changed();
      drawRows(top ? `Move layer ${to + 1} ${way}` : undefined);
    };
    const item = h('li', { class: 'layer' }, h('div', { class: 'line' }, name, inputs, result,
      h('span', { class: 'tools' },
        button('↑', () => move(-1), { class: 'small', disabled: k === 0, 'aria-label': `Move ${place} up` }),
        button('↓', () => move(1), { class: 'small', disabled: k === owner.length - 1, 'aria-label': `Move ${place} down` }),
        button('+', () => { owner.splice(k + 1, 0, { name: 'relu' }); changed(); drawRows(top ? `Kind of layer ${k + 2}` : undefined); }, { class: 'small', 'aria-label': `Add a layer after ${place}` }),
        button('×', () => { owner.splice(k, 1); changed(); drawRows(top ? `Remove layer ${Math.min(k + 1, owner.length)}` : undefined); }, { class: 'small', 'aria-label': `Remove ${place}` }))), error,
      Object.keys(options).filter((option) => NESTED.includes(option)).map((option) => h('div', null, h('small', null, option),
        h('ol', { class: 'rows', 'aria-label': `${option} of ${place}` }, (row[option] ?? []).map((inner, n) => layer(row[option], inner, n, false))),
        button(`Add a layer to the ${option}`, () => { (row[option] ??= []).push({ name: 'relu' }); changed(); drawRows(); }, { class: 'small' }))));
    if (top) fields[k] = { item, result, error };
    return item;
  }

  function drawFound() {
    fields.forEach(({ item, result, error }, k) => {
      const one = found.layers[k];
      const wrong = found.error?.row === k ? found.error.message : '';
      item.classList.toggle('wrong', Boolean(wrong));
      error.hidden = !wrong;
      put(error, wrong);
      put(result, one ? [h('b', { title: 'shape of the outputs' }, sizes(one.output_shape)), h('span', null, `${number(one.parameters)} parameters`), h('span', { title: 'outputs of one image, in float32' }, bytes(one.activation_bytes)),
        one.receptive_field ? h('span', null, `receptive field ${sizes(one.receptive_field)}`) : null] : null);
    });
    put(totals, [['parameters', number(found.parameters ?? 0)], ['multiply-adds per image', number(found.multiply_adds ?? 0)], ['activations per image', bytes(found.activation_bytes ?? 0)]]
      .map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
    put(problem, found.error && !rows.length ? h('p', { class: 'problem' }, 'A network needs at least one layer. Add one, or start from the example.') : null);
    train.setAttribute('href', link('train', { data: state.data, rows: JSON.stringify(rows), optimizer: 'adam', learning_rate: '0.001', augmentation: '' }));
    train.toggleAttribute('hidden', Boolean(found.error));
    const command = `handgrad train network.toml${state.data === 'digits' ? '' : ` --dataset ${inShell(target().path ?? state.data)}`}${target().skips ? ' --skip-bad' : ''}`;
    put(code, found.error ? h('p', { class: 'quiet' }, 'As soon as all layers fit, the network can be copied as code and trained.') : [
      ['Python', found.python], ['network.toml', found.toml], ['Command line, with the file above', command],
    ].map(([title, text]) => (text ? h('div', null, h('div', { class: 'line' }, h('h3', null, title), button('Copy', () => copy(text, title), { class: 'small', 'aria-label': `Copy ${title}` })), h('pre', { tabindex: 0, 'aria-label': title }, text)) : null)));
  }

  /** The shape and the classes of a data set of one's own are read when it is chosen. */
  async function choose(id) {
    if (!(id in targets)) {
      const one = await get(`data/${id}`, here.signal);
      targets[id] = { shape: one.shape, classes: one.classes.length, path: one.path, skips: one.skipped.length > 0 };
    }
    state.data = id;
    here.well();
  }

  async function from(name) {
    if (!name) return;
    try {
      rows = name === 'example' ? structuredClone(EXAMPLE) : (await post(`network/${name}`, target(), here.signal)).rows;
      here.well();
      here.keep({ ...state, rows: JSON.stringify(rows) }, true);
      drawRows();
      await compute();
    } catch (error) { here.fail(error); }
  }

  const train = h('a', { class: 'button main' }, 'Train this network');
  const catalogue = Object.entries(targets).map(([name, one]) => [name, `${name}: ${sizes(one.shape)}, ${one.classes} classes`]);
  const gone = h('div');
  if (!(state.data in targets)) {
    await choose(state.data).catch((error) => {
      state.data = 'digits';
      put(gone, h('p', { class: 'problem', role: 'alert' }, error.message, ' The sizes below are those for digits.'));
    });
  }
  const images = select([...catalogue, ...own.map((one) => [one.id, `${one.name} (your own)`])], state.data, (id) => choose(id).then(() => changed(true)).catch((error) => { images.value = state.data; here.fail(error); }));
  const start = select([['', 'choose…'], ['example', 'a small example'], ...known.models.map((name) => [name, name])], '', (name) => { from(name); start.value = ''; });
  root.append(h('div', { class: 'head' }, h('h1', null, 'Network'), h('p', null, 'A network is a list of layers. Sizes and costs follow as you edit; input sizes are inferred, and the last linear layer has one output for each class.')),
    gone, h('div', { class: 'line end' },
      field('For the images of', images),
      field('Start from', start), train),
    h('div', { class: 'columns wide-left' }, h('section', { class: 'card', 'aria-label': 'Layers' }, list, add, problem, totals),
      h('section', { class: 'card' }, h('h2', null, 'The same as code'), code)));
  drawRows();
  await compute();
}
