// Look inside: confusion matrix, mistakes, filters, feature maps, saliency, and every array of one image.

import { get, query } from './api.js';
import { link } from './app.js';
import { chooseRun } from './choose_run.js';
import { button, field, h, number, percent, put, select } from './dom.js';
import { arrayView, gallery, picture, values } from './pictures.js';

const VIEWS = [['confusion', 'Confusion and mistakes'], ['filters', 'Filters'], ['maps', 'Feature maps and saliency'], ['step', 'Step through']];
const MOST_CLASSES = 60;

export async function show(root, here) {
  const choice = await chooseRun(here, 'look', (run) => go({ run, cell: '', step: '0' }, true));
  const state = { view: 'confusion', split: '', image: '0', step: '0', cell: '', ...here.given, run: choice.run };
  const view = h('div');
  root.append(h('div', { class: 'head' }, h('h1', null, 'Look inside'), h('p', null, 'Which classes a trained network confuses, the outputs of its layers, and every array of a forward and a backward pass.')));
  if (!state.run) { root.append(choice.element); return; }
  const tabs = VIEWS.map(([id, text]) => button(text, () => go({ view: id, cell: '' }, true), { 'data-view': id }));
  root.append(h('div', { class: 'line end' }, choice.element,
    field('Images', select([['', 'test, or validation'], ['validation', 'validation'], ['train', 'training']], state.split, (split) => go({ split, cell: '' }, true)))),
  h('div', { class: 'tabs', role: 'group', 'aria-label': 'Views' }, tabs), view);
  let turn = 0;

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
      const content = await { confusion, filters, maps, step }[state.view]();
      if (mine === turn) { put(view, content); here.well(); }
    } catch (error) { if (mine === turn) { put(view); here.fail(error); } } finally { clearTimeout(waiting); }
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
      : h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Confusion matrix' }, h('table', { class: 'matrix' },
        h('caption', { class: 'quiet' }, 'Rows: true class. Columns: predicted class. Click a cell to show its images.'),
        h('thead', null, h('tr', null, h('td', null), classes.map((name) => h('th', { scope: 'col', title: name }, name)))),
        h('tbody', null, counts.map((row, k) => h('tr', null, h('th', { scope: 'row', title: classes[k] }, classes[k]), row.map((count, j) => {
          const share = count / most[k];
          return h('td', null, button(String(count), () => open(k, j).catch(here.fail), { class: `${share > 0.45 ? 'deep' : ''}${count ? '' : ' none'}`, style: { '--share': count ? 0.12 + 0.88 * share : 0 }, 'aria-label': `${classes[k]} predicted as ${classes[j]}: ${count}` }));
        }))))));
    if (state.cell) open(...state.cell.split(',').map(Number)).catch(here.fail);
    return h('div', { class: 'pair' }, h('section', { class: 'card stack' }, h('h2', null, `${percent(found.right / found.total)} of ${found.total.toLocaleString('en')} ${found.split} images are right`), matrix, cell),
      h('section', { class: 'card' }, h('h2', null, 'Most confident mistakes'), h('p', { class: 'quiet' }, 'With the score of the wrong class. Open one to step through it.'), gallery(found.mistakes, text, toImage)));
  }

  async function filters() {
    const found = await get(`look/${state.run}/filters`, here.signal);
    return h('section', { class: 'card' }, h('h2', null, `Weights of ${found.layer}`), h('p', { class: 'quiet' }, 'Weights of each unit of the first layer: red is positive, blue is negative.'),
      arrayView(found.pictures, `${found.layer}.weight`, { most: 64 }));
  }

  const trace = () => get(`look/${state.run}/trace${query({ image: state.image, split: state.split })}`, here.signal);

  function chooser(found) {
    const go_ = (image) => go({ image: String(Math.max(0, Number(image) || 0)) }, true);
    const input = h('input', { type: 'number', min: 0, value: state.image, onchange: (e) => go_(e.target.value) });
    const isRight = found.true === found.predicted;
    return h('div', { class: 'line end' }, picture(found.picture, `Image ${found.image}, ${found.classes[found.true]}`, { class: 'pixels tile' }),
      field('Image', input), button('Previous', () => go_(Number(state.image) - 1), { disabled: state.image === '0' }), button('Next', () => go_(Number(state.image) + 1)),
      h('p', null, `True class ${found.classes[found.true]}, predicted class ${found.classes[found.predicted]}${isRight ? '' : ' (wrong)'}; loss ${number(found.loss)}.`));
  }

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
    return h('div', { class: 'stack' }, chooser(found),
      h('section', { class: 'card' }, h('h2', null, 'Occlusion'), h('p', { class: 'quiet' }, 'How much the probability of its class falls if a part of the image is hidden, at each pixel. Red: hiding this part lowers the probability.'), button('Hide each part', hide), hidden),
      h('section', { class: 'card' }, h('h2', null, 'Saliency'), h('p', { class: 'quiet' }, 'The gradient of the loss with respect to each pixel: where a change of the image would change the loss most. Red: a brighter pixel raises the loss.'), arrayView(found.saliency, 'd_image')),
      h('section', { class: 'card' }, h('h2', null, 'Outputs of each layer'), found.steps.filter((one) => one.name !== 'loss').map((one) => {
        const outputs = one.arrays.outputs?.value;
        return outputs?.data ? [h('h3', null, one.name), arrayView(outputs, `${one.name}.outputs`)] : null;
      })));
  }

  async function step() {
    const found = await trace();
    const at = Math.min(found.steps.length - 1, Math.max(0, Number(state.step) || 0));
    const detail = h('section', { class: 'card', 'aria-live': 'polite' });
    const list = h('ol', { class: 'steps', 'aria-label': 'Layers, first to last' }, found.steps.map((one, k) => h('li', null, button(one.name, () => pick(k), { 'aria-pressed': String(k === at), class: 'small' }))));
    function pick(k) {
      state.step = String(k);
      here.keep(state);
      list.querySelectorAll('button').forEach((one, n) => one.setAttribute('aria-pressed', String(n === k)));
      put(detail, stepView(found.steps[k]), h('div', { class: 'line' }, button('Layer before', () => pick(k - 1), { disabled: k === 0 }), button('Next layer', () => pick(k + 1), { disabled: k === found.steps.length - 1 })));
    }
    pick(at);
    return h('div', { class: 'stack' }, chooser(found), list, detail);
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

/** The terms of a gradient, largest first: upstream, local and product. */
const terms = (places) => places.map(({ upstream, local }) => [upstream, local, upstream * local]).sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));

/** A value that is no array: a number, sizes, a flag, nothing. */
const plain = (value) => (value === null ? 'none' : typeof value === 'number' ? number(value, 6) : Array.isArray(value) ? `(${value.join(', ')})` : String(value));

/** The number of the entry with the largest magnitude. */
function largest(array) {
  const all = values(array);
  return all.reduce((best, value, k) => (Math.abs(value) > Math.abs(all[best]) ? k : best), 0);
}
