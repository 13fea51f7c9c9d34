// Look inside: confusion matrix, mistakes, filters, feature maps, saliency, and every array of one image.

import { get, query } from './api.js';
import { link } from './app.js';
import { chooseRun } from './choose_run.js';
import { button, field, h, number, percent, put, select } from './dom.js';
import { arrayView, gallery, picture, values } from './pictures.js';

const VIEWS = { confusion: 'Confusion and mistakes', filters: 'Filters', maps: 'Feature maps and saliency', step: 'Step through' };
const SPLITS = { '': 'test, or validation', test: 'test', validation: 'validation', train: 'training' };
const MOST_CLASSES = 60;
const SHORT = 5; // characters of a name that fit above a column

export async function show(root, here) {
  const choice = await chooseRun(here, 'look', (run) => go({ run, cell: '', step: '0' }, true));
  const state = { view: 'confusion', split: '', image: '0', step: '0', cell: '', ...here.given, run: choice.run };
  if (!Object.hasOwn(VIEWS, state.view)) state.view = 'confusion';
  if (!Object.hasOwn(SPLITS, state.split)) state.split = '';
  const view = h('div');
  root.append(h('div', { class: 'head' }, h('h1', null, 'Look inside'), h('p', null, 'Which classes a trained network confuses, the outputs of its layers, and every array of a forward and a backward pass.')));
  if (!state.run) { root.append(choice.element); return; }
  const tabs = Object.entries(VIEWS).map(([id, text]) => button(text, () => go({ view: id, cell: '' }, true), { 'data-view': id }));
  const split = select(Object.entries(SPLITS), state.split, (value) => go({ split: value, cell: '' }, true));
  const about = h('p', { class: 'quiet' });
  const chooser = imageChooser((image) => go({ image }, true));
  root.append(h('div', { class: 'line end' }, choice.element, field('Images', split)), about,
    h('div', { class: 'tabs', role: 'group', 'aria-label': 'Views' }, tabs), chooser.element, view);
  let turn = 0;
  /** @type {{split: string, count: number, splits: string[]}} */
  let images = { split: '', count: 0, splits: [] };

  function go(values, push) {
    Object.assign(state, values);
    here.keep(state, push);
    return draw();
  }

  async function draw() {
    const mine = ++turn;
    for (const tab of tabs) tab.setAttribute('aria-pressed', String(tab.dataset.view === state.view));
    const waiting = setTimeout(() => { if (mine === turn) put(view, h('p', { class: 'quiet' }, 'The network is loaded and computes; the first time this takes some seconds.')); }, 250);
    try {
      const ofImage = state.view === 'maps' || state.view === 'step';
      if (state.view !== 'filters') await readImages(mine);
      if (mine !== turn) return;
      chooser.element.hidden = !ofImage;
      const wrong = ofImage ? chooser.show(state.image, images.count) : '';
      if (ofImage && !wrong) state.image = String(Number(state.image));
      const content = wrong ? h('p', { class: 'problem', role: 'alert' }, wrong) : await { confusion, filters, maps, step }[state.view]();
      if (mine === turn) { put(view, content); here.well(); }
    } catch (error) { if (mine === turn) { put(view); here.fail(error); } } finally { clearTimeout(waiting); }
  }

  async function readImages(mine) {
    const found = await get(`look/${state.run}/images${query({ split: state.split })}`, here.signal);
    if (mine !== turn) return;
    images = found;
    for (const option of split.options) option.disabled = option.value !== '' && !images.splits.includes(option.value);
    put(about, !state.split && images.split === 'train' ? 'This run has no test and no validation images: these are training images, which a network classifies better than new ones.' : null);
  }

  const toImage = (row) => link('look', { ...state, view: 'step', image: row.image, cell: '' });

  async function confusion() {
    const found = await get(`look/${state.run}/confusion${query({ split: state.split })}`, here.signal);
    const { classes, counts } = found;
    const text = (row) => `${classes[row.true]}, predicted as ${classes[row.predicted]}, ${number(row.score, 3)}`;
    const cell = h('div', { 'aria-live': 'polite' });
    async function open(k, j) {
      here.keep({ ...state, cell: `${k},${j}` });
      const rows = await get(`look/${state.run}/cell${query({ true: k, predicted: j, split: state.split })}`, here.signal);
      put(cell, h('h3', null, k === j ? `${classes[k]}, correct: ${counts[k][j]} images` : `${classes[k]}, predicted as ${classes[j]}: ${counts[k][j]} images`),
        gallery(rows, (row) => `image ${row.image}, ${number(row.score, 3)}`, toImage));
    }
    const most = counts.map((row) => Math.max(1, row.reduce((a, b) => a + b, 0)));
    const matrix = classes.length > MOST_CLASSES ? h('p', { class: 'quiet' }, `A matrix of ${classes.length} classes is not drawn.`)
      : [h('p', { class: 'quiet' }, 'Rows: true class. Columns: predicted class. Click a cell to show its images.'), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Confusion matrix' }, h('table', { class: `matrix${classes.length > 20 ? ' many' : ''}${classes.some((name) => name.length > SHORT) ? ' tall' : ''}` },
        h('caption', { class: 'hidden' }, 'True classes in rows, predicted classes in columns'),
        h('thead', null, h('tr', null, h('td', null), classes.map((name) => h('th', { scope: 'col', title: name }, h('span', null, name))))),
        h('tbody', null, counts.map((row, k) => h('tr', null, h('th', { scope: 'row', title: classes[k] }, classes[k]), row.map((count, j) => {
          const share = count / most[k];
          return h('td', null, button(String(count), () => open(k, j).catch(here.fail), { class: `${share > 0.45 ? 'deep' : ''}${count ? '' : ' none'}`, style: { '--share': count ? shade(share) : 0 }, 'aria-label': `${classes[k]} predicted as ${classes[j]}: ${count}` }));
        }))))))];
    const [k, j] = state.cell.split(',').map(Number);
    if (counts[k]?.[j] !== undefined) open(k, j).catch(here.fail);
    return h('div', { class: 'pair' }, h('section', { class: 'card stack' }, h('h2', null, `${percent(found.right / found.total)} of ${found.total.toLocaleString('en')} ${found.split === 'train' ? 'training' : found.split} images are right`), matrix, cell),
      h('section', { class: 'card' }, h('h2', null, 'Most confident mistakes'), h('p', { class: 'quiet' }, 'With the score of the wrong class. Open one to step through it.'), gallery(found.mistakes, text, toImage)));
  }

  async function filters() {
    const found = await get(`look/${state.run}/filters`, here.signal);
    return h('section', { class: 'card' }, h('h2', null, `Weights of ${found.layer}`), h('p', { class: 'quiet' }, 'Weights of each unit of the first layer: red is positive, blue is negative.'),
      arrayView(found.pictures, `${found.layer}.weight`, { most: 64 }));
  }

  const trace = async () => {
    const found = await get(`look/${state.run}/trace${query({ image: state.image, split: state.split })}`, here.signal);
    chooser.describe(found);
    return found;
  };

  async function maps() {
    const found = await trace();
    const hidden = h('div', { 'aria-live': 'polite' });
    const hide = async () => {
      put(hidden, h('p', { class: 'quiet' }, 'A square hides each part of the image in turn…'));
      try {
        const one = await get(`look/${state.run}/occlusion${query({ image: state.image, split: state.split })}`, here.signal);
        put(hidden, h('p', null, `Probability of ${one.name}: ${percent(one.probability, 1)}. A square of ${one.side} pixels lowers it by up to ${percent(Math.max(...one.drops.flat()), 1)}.`), arrayView(one.heat, 'drop of the probability'));
      } catch (error) { put(hidden); here.fail(error); }
    };
    return h('div', { class: 'stack' },
      h('section', { class: 'card' }, h('h2', null, 'Occlusion'), h('p', { class: 'quiet' }, 'How much the probability of its class falls if a part of the image is hidden, at each pixel. Red: hiding this part lowers the probability.'), button('Hide each part', hide), hidden),
      h('section', { class: 'card' }, h('h2', null, 'Saliency'), h('p', { class: 'quiet' }, 'The gradient of the loss with respect to each pixel: where a change of the image would change the loss most. Red: a brighter pixel raises the loss.'), arrayView(found.saliency, 'd_image')),
      h('section', { class: 'card' }, h('h2', null, 'Outputs of each layer'), found.steps.filter((one) => one.name !== 'loss').map((one) => {
        const outputs = one.arrays.outputs?.value;
        return outputs?.data ? [h('h3', null, one.name), arrayView(outputs, `${one.name}.outputs`)] : null;
      })));
  }

  async function step() {
    const found = await trace();
    const at = Math.min(found.steps.length - 1, Math.max(0, Math.trunc(Number(state.step)) || 0));
    const body = h('div', { 'aria-live': 'polite' });
    const last = found.steps.length - 1;
    let now = at;
    const moves = [button('Layer before', () => pick(now - 1)), button('Next layer', () => pick(now + 1))];
    const detail = h('section', { class: 'card' }, body, h('div', { class: 'line' }, moves));
    const list = h('ol', { class: 'steps', 'aria-label': 'Layers, first to last' }, found.steps.map((one, k) => h('li', null, button(one.name, () => pick(k), { 'aria-pressed': String(k === at), class: 'small' }))));
    function pick(k) {
      now = k;
      state.step = String(k);
      here.keep(state);
      list.querySelectorAll('button').forEach((one, n) => one.setAttribute('aria-pressed', String(n === k)));
      put(body, stepView(found.steps[k]));
      turnOff(moves[0], k === 0, moves[1]);
      turnOff(moves[1], k === last, moves[0]);
    }
    pick(at);
    return h('div', { class: 'stack' }, list, detail);
  }

  function stepView(one) {
    const arrays = Object.entries(one.arrays);
    const forward = arrays.findIndex(([name]) => name === 'd_outputs' || name === 'd_logits');
    const cut = forward < 0 ? arrays.length : forward;
    const checked = h('div', { 'aria-live': 'polite' });
    const block = (rows) => rows.map(([name, { value, equation }]) => {
      const parameter = name === 'd_weight' ? 'weight' : name === 'd_bias' ? 'bias' : '';
      const canCheck = parameter && ['Conv2d', 'Linear'].includes(one.kind);
      return h('div', null, h('h3', { class: 'mono' }, name), equation ? h('p', { class: 'equation mono' }, `= ${equation}`) : null,
        value?.data ? arrayView(value, name, { chosen: canCheck ? (entry) => check(one, parameter, entry, checked) : null }) : h('p', null, plain(value)),
        canCheck ? h('p', { class: 'line' }, button('Check the largest entry by a finite difference', () => check(one, parameter, largest(value), checked), { class: 'small' }), h('small', null, 'or click an entry')) : null);
    });
    return [h('h2', null, `${one.name}: ${one.kind}`), one.equations ? h('pre', { class: 'equation', tabindex: 0, 'aria-label': 'Equations' }, one.equations) : null, checked,
      h('div', { class: 'pair' }, h('div', null, h('h2', null, 'Forward'), block(arrays.slice(0, cut))), h('div', null, h('h2', null, 'Backward'), block(arrays.slice(cut))))];
  }

  async function check(one, parameter, entry, place) {
    put(place, h('p', { class: 'quiet' }, 'Two more forward passes…'));
    try {
      const found = await get(`look/${state.run}/gradient${query({ layer: one.name, parameter, entry, image: state.image, split: state.split })}`, here.signal);
      const agrees = found.numeric !== null && found.relative_error < 1e-4;
      const name = `${one.name}.${parameter}[${found.index.join(', ')}]`;
      put(place, h('div', { class: 'hero' }, h('h3', null, `Gradient of the loss for ${name} = ${number(found.value, 6)}`),
        h('table', null, h('tbody', null,
          h('tr', null, h('th', { scope: 'row' }, 'written by hand'), h('td', { class: 'number' }, number(found.backward, 10))),
          h('tr', null, h('th', { scope: 'row' }, 'finite difference'), h('td', { class: 'number' }, found.numeric === null ? 'every step crossed a kink' : number(found.numeric, 10))),
          found.numeric === null ? null : h('tr', null, h('th', { scope: 'row' }, 'relative difference'), h('td', { class: 'number' }, `${number(found.relative_error, 3)}${agrees ? ', they agree' : ''}`)))),
        h('p', { class: 'quiet' }, 'It is a sum of gradient that comes in × input, largest first: ', terms(found.places).slice(0, 3).map(([upstream, local, product]) => `${number(upstream)} × ${number(local)} = ${number(product)}`).join('; '), '.'),
        h('p', { class: 'mono quiet' }, `${found.file}:${found.line}: ${found.code}`)));
    } catch (error) { put(place, h('p', { class: 'problem' }, error.message)); }
    place.scrollIntoView({ block: 'nearest' });
  }
  await draw();
}

/** The depth of colour of a cell: none at which neither dark nor light digits can be read. */
const shade = (share) => (share > 0.45 ? 0.85 + 0.15 * ((share - 0.45) / 0.55) : 0.12 + share);

/** Disable a button, and pass its focus on. */
function turnOff(one, isOff, other) {
  const had = document.activeElement === one;
  one.disabled = isOff;
  if (isOff && had) other.focus();
}

/** The controls that choose an image by its number; they stay while images come and go. */
function imageChooser(changed) {
  const small = h('span', { hidden: true });
  const words = h('p', { role: 'status' });
  const range = h('small');
  const input = h('input', { type: 'number', min: 0, step: 1, onchange: (e) => changed(e.target.value) });
  let [at, last] = [0, 0]; // the number that is shown, or the nearest one that there is
  const previous = button('Previous', () => changed(String(at - 1)));
  const next = button('Next', () => changed(String(at + 1)));
  return {
    element: h('div', { class: 'line end', hidden: true }, small, field('Image', input), previous, next, h('div', null, range, words)),
    /** Show a number as it was given; return what is wrong with it. */
    show(image, count) {
      last = count - 1;
      const isThere = /^\d+$/.test(image) && Number(image) <= last;
      at = Math.min(last, Math.max(0, Math.round(Number(image)) || 0));
      if (!isThere) { small.hidden = true; put(words); }
      input.value = image;
      input.max = String(last);
      input.setAttribute('aria-invalid', String(!isThere));
      put(range, `0 to ${number(last)}`);
      turnOff(previous, at === 0, next.disabled ? input : next);
      turnOff(next, at === last, at === 0 ? input : previous);
      return isThere ? '' : `There is no image ${image === '' ? 'of that number' : image}: images have whole numbers from 0 to ${number(last)}.`;
    },
    describe(found) {
      small.hidden = false;
      put(small, picture(found.picture, `Image ${found.image}, ${found.classes[found.true]}`, { class: 'pixels tile' }));
      put(words, `True class ${found.classes[found.true]}, predicted class ${found.classes[found.predicted]}${found.true === found.predicted ? '' : ' (wrong)'}; loss ${number(found.loss)}.`);
    },
  };
}

/** The terms of a gradient, largest first: upstream, local and product. */
const terms = (places) => places.map(({ upstream, local }) => [upstream, local, upstream * local]).sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));

/** A value that is no array: a number, sizes, a flag, nothing. */
const plain = (value) => (value === null ? 'none' : typeof value === 'number' ? number(value, 6) : Array.isArray(value) ? `(${value.join(', ')})` : String(value));

/** The number of the entry with the largest magnitude. */
function largest(array) {
  const all = values(array);
  return all.reduce((best, value, k) => (Math.abs(value) > Math.abs(all[best]) ? k : best), 0);
}
