// Data: the catalogue, a zip or folder of images, and images drawn into classes of one's own.

import { get, post, query, send } from './api.js';
import { link } from './app.js';
import { withCamera } from './camera.js';
import { bars } from './charts.js';
import { button, field, h, numberOf, put, say, sizes } from './dom.js';
import { picture } from './pictures.js';
import { drawingCanvas } from './place_draw.js';

const LARGEST = 10e6; // bytes of a file
const FEWEST = 10; // images of a class that are worth training on

export async function show(root, here) {
  let data = await get('data', here.signal);
  const state = { set: 'digits', ...here.given };
  const list = h('ul', { class: 'queue' });
  const detail = h('div', { class: 'stack', 'aria-live': 'polite' });
  let turn = 0;
  /** @type {any} */ let camera = null;
  /** @type {any} */ let paper = null; // to draw on or to paste an image on

  function drawList() {
    const row = (one, words) => h('li', null, h('a', { href: link('data', { set: one.id }), 'aria-current': one.id === state.set ? 'true' : null, onclick: (e) => { e.preventDefault(); pick(one.id); } }, one.name), h('small', null, words));
    put(list, data.known.map((one) => row(one, one.is_here ? one.description : `${one.description}; not on this machine`)),
      data.own.map((one) => row(one, one.classes.length ? `${numberOf(Object.values(one.counts).reduce((a, b) => a + b, 0), 'image')} in ${numberOf(one.classes.length, 'class', 'classes')}` : one.is_zip ? 'your own, of a zip' : 'your own, no images yet')));
  }

  async function pick(set) {
    state.set = set;
    here.keep(state, true);
    drawList();
    await draw();
  }

  async function draw() {
    const mine = ++turn;
    camera?.stop();
    paper = null;
    const own = data.own.find((one) => one.id === state.set);
    const parts = own && !own.is_zip ? [classes(own)] : [];
    const away = own ? button('Remove this data set', () => remove(own), { class: 'small' }) : null;
    const about = h('section', { class: 'card' }, h('p', { class: 'quiet' }, 'Reading the images…'));
    put(detail, parts, about, away);
    if (own && own.classes.length && Object.values(own.counts).filter((n) => n > 1).length < 2) { put(about, h('p', { class: 'quiet' }, `Draw at least ${FEWEST} images in each of two classes; then it can be trained on.`)); return; }
    if (own && !own.is_zip && !own.classes.length) { about.remove(); return; }
    try {
      const found = await get(`data/${state.set}`, here.signal);
      if (mine !== turn) return;
      const total = found.counts.reduce((a, b) => a + b, 0);
      const usual = data.known.find((one) => one.id === state.set)?.usual;
      put(about, h('div', { class: 'line' }, h('h2', null, found.name), h('a', { class: 'button main', href: link('train', { data: state.set }) }, 'Train on it'), h('a', { class: 'button', href: link('network', { data: state.set }) }, 'Build a network for it')),
        h('p', null, `${total.toLocaleString('en')} training images of ${sizes(found.shape)}${usual && sizes(usual) !== sizes(found.shape) ? ` (networks receive them resized to ${sizes(usual)})` : ''}${found.test ? `, ${found.test.toLocaleString('en')} test images` : ''}, ${found.classes.length} classes.`),
        found.skipped.length ? h('details', null, h('summary', null, `${numberOf(found.skipped.length, 'file was', 'files were')} skipped`), h('ul', null, found.skipped.map((text) => h('li', null, text)))) : null,
        h('h3', null, 'Images of each class'), bars(found.classes.map((name, k) => ({ name, value: found.counts[k] })), { label: 'Images of each class' }),
        h('h3', null, 'Samples'), h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Samples of each class' }, h('table', { class: 'samples' }, h('tbody', null, found.classes.slice(0, 40).map((name, k) => h('tr', null, h('th', { scope: 'row' }, name),
          found.samples[k].map((one, n) => h('td', null, picture(one, `${name}, sample ${n + 1}`, { class: 'pixels sample' })))))))));
    } catch (error) {
      if (mine === turn) put(about, h('p', { class: 'problem', role: 'alert' }, own?.is_zip ? 'This zip cannot be used: ' : '', error.message));
    }
  }

  async function remove(own) {
    if (!confirm(`Remove ${own.name} with all its images? Networks that were trained on it stay, but their training cannot be resumed.`)) return;
    try {
      await post(`data/${own.id}/remove`, {}, here.signal);
      data = await get('data', here.signal);
      say(`${own.name} is removed.`);
      await pick(data.known[0].id);
    } catch (error) { here.fail(error); }
  }

  function classes(own) {
    const grid = h('div', { class: 'classes' });
    const after = h('div');
    const board = drawingCanvas(() => {});
    const source = withCamera(board, { signal: here.signal, fail: here.fail, changed: () => drawGrid() });
    camera = source;
    paper = board;
    const what = () => (source.isOn() ? 'a photograph' : 'the drawing');
    const make = h('button', { type: 'submit' });
    const name = h('input', { type: 'text', maxlength: 60, required: true, autocomplete: 'off', placeholder: own.classes.length ? 'another class' : 'circle' });
    const add = async (label, blob) => {
      await send(`data/${own.id}/pictures${query({ label })}`, blob, here.signal);
    };
    const refresh = async () => {
      data = await get('data', here.signal);
      Object.assign(own, data.own.find((one) => one.id === own.id));
      drawList();
      drawGrid();
    };
    const keep = async (label) => {
      if (source.isEmpty()) { say('Draw something first.', 'bad'); board.element.focus(); return; }
      try { await add(label, await source.blob(false)); source.clear(); await refresh(); say(`Added to ${label}: ${own.counts[label]}.`); } catch (error) { here.fail(error); }
    };
    const removeLast = async (label) => {
      try { await post(`data/${own.id}/pictures/remove${query({ label })}`, {}, here.signal); await refresh(); say(`The last image of ${label} is removed.`); } catch (error) { here.fail(error); }
    };
    const files = async (label, given) => {
      let count = 0;
      for (const file of given) {
        try { await add(label, file); count += 1; } catch (error) { here.fail(new Error(`${file.name}: ${error.message}`)); }
      }
      await refresh();
      say(`${count} of ${given.length} images added to ${label}.`);
    };
    function drawGrid() {
      put(grid, own.classes.map((label) => {
        const input = h('input', { type: 'file', multiple: true, accept: 'image/png,image/jpeg,image/webp,image/gif', onchange: (e) => files(label, [...e.target.files]) });
        return h('div', { class: 'card stack' }, h('h3', null, label), h('p', { class: 'quiet' }, `${numberOf(own.counts[label], 'image')}${own.counts[label] < FEWEST ? `, ${FEWEST} or more are good` : ''}`),
          h('div', { class: 'line' }, button(`Add ${what()} to ${label}`, () => keep(label), { class: 'main' }), button('Remove the last', () => removeLast(label), { class: 'small', 'aria-label': `Remove the last image of ${label}` })), field('or files', input));
      }));
      put(make, `Add ${what()} to a new class`);
      put(after, own.classes.length > 1 ? button('Show what training will read', () => draw()) : null);
    }
    drawGrid();
    return h('section', { class: 'card stack' }, h('h2', null, `Images of ${own.name}`), h('p', { class: 'quiet' }, 'Draw, use the camera or paste an image, then add it to a class. Or choose files. Ten images per class are enough for a first classifier.'),
      h('div', { class: 'draw-columns' }, h('div', { class: 'stack' }, source.element, h('div', { class: 'line' }, button('Clear', board.clear), button('Undo', board.undo), source.turn)),
        h('div', { class: 'stack' }, grid, h('form', { class: 'line end', onsubmit: (e) => { e.preventDefault(); const label = name.value.trim(); if (label && !source.isEmpty()) { keep(label).then(() => { name.value = ''; }); } else if (label) say('Draw a first image of this class, then add it.', 'bad'); } },
          field('New class', name), make))),
      after);
  }

  async function create(name, zip) {
    try {
      const { id } = zip ? await send(`data/zip${query({ name })}`, zip, here.signal) : await post(`data${query({ name })}`, {}, here.signal);
      data = await get('data', here.signal);
      here.well();
      await pick(id);
      return id;
    } catch (error) { here.fail(error); return null; }
  }

  /** Files of a dropped folder with the name of the folder that each lies in. */
  async function walk(entry, inside, found) {
    if (entry.isFile) found.push([inside, await new Promise((resolve, reject) => { entry.file(resolve, reject); })]);
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
        if (!some.length) break;
        for (const one of some) await walk(one, entry.name, found);
      }
    }
  }

  async function dropped(event) {
    event.preventDefault();
    drop.classList.remove('over');
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const file = event.dataTransfer.files[0];
    if (entries.length === 1 && entries[0].isFile) { zipFile(file); return; }
    const found = [];
    for (const entry of entries) await walk(entry, entry.name, found);
    const pictures = found.filter(([, each]) => each.type.startsWith('image/'));
    if (!pictures.length) { here.fail(new Error('No images were dropped. Drop a folder with one folder for each class.')); return; }
    const id = await create(entries[0].name.slice(0, 60));
    if (!id) return;
    const bad = [];
    for (const [k, [label, each]] of pictures.entries()) {
      if (k % 10 === 0) say(`${k} of ${pictures.length} images sent.`);
      try { await send(`data/${id}/pictures${query({ label })}`, each, here.signal); } catch (error) { bad.push(`${label}/${each.name}: ${error.message}`); }
    }
    data = await get('data', here.signal);
    say(`${numberOf(pictures.length - bad.length, 'image')} added${bad.length ? `, ${bad.length} skipped` : ''}.`);
    drawList();
    await draw();
    if (bad.length) detail.prepend(h('details', { class: 'card', open: true }, h('summary', null, `${numberOf(bad.length, 'file was', 'files were')} skipped`), h('ul', null, bad.slice(0, 50).map((text) => h('li', null, text)))));
  }

  function zipFile(file) {
    if (!file) return;
    if (!file.name.toLowerCase().endsWith('.zip')) here.fail(new Error(`${file.name} is not a zip. Give a zip with one folder for each class, or drop a folder.`));
    else if (file.size > LARGEST) here.fail(new Error(`${file.name} is larger than 10 MB, the limit here. For larger data: handgrad train lenet --dataset ${file.name}`));
    else create(file.name.replace(/\.zip$/i, '').slice(0, 60), file);
  }

  const title = h('input', { type: 'text', maxlength: 60, required: true, value: 'Circles and crosses', autocomplete: 'off' });
  const zip = h('input', { type: 'file', accept: '.zip', onchange: (e) => zipFile(e.target.files[0]) });
  const drop = h('div', { class: 'drop stack', ondragover: (e) => { e.preventDefault(); drop.classList.add('over'); }, ondragleave: () => drop.classList.remove('over'), ondrop: (e) => dropped(e).catch(here.fail) },
    h('p', null, 'Drop a folder with one folder of images for each class, or a zip of it.'), field('Zip file', zip));
  root.append(h('div', { class: 'head' }, h('h1', null, 'Data'), h('p', null, 'Use a data set of the catalogue, drop images of your own, draw some or use the camera: ten per class are enough for a first classifier.')),
    h('div', { class: 'columns' }, h('div', { class: 'stack' },
      h('section', { class: 'card' }, h('h2', null, 'Data sets'), list),
      h('section', { class: 'card stack' }, h('h2', null, 'Your own'), h('form', { class: 'line end', onsubmit: (e) => { e.preventDefault(); create(title.value.trim()); } }, field('Name', title), h('button', { type: 'submit', class: 'main' }, 'Draw a new data set')), drop)), detail));
  addEventListener('paste', async (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith('image/'));
    if (!file || !paper) return;
    try { const image = await createImageBitmap(file); camera.stop(); paper.paste(image); } catch { here.fail(new Error('This image cannot be read. Save it as PNG or JPEG, then choose the file.')); }
  }, { signal: here.signal });
  drawList();
  await draw();
}
