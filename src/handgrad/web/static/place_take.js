// Take away: the network and the run as files for other software.

import { get } from './api.js';
import { chooseRun } from './choose_run.js';
import { button, copy, h, percent, put } from './dom.js';

const KINDS = [
  ['safetensors', 'Network for Handgrad', 'handgrad.load("network.safetensors") reads it; the weights are plain safetensors.'],
  ['onnx', 'Network as ONNX', 'For onnxruntime, browsers and phones; it takes pixels and gives probabilities.'],
  ['torch', 'Weights for torch', 'For load_state_dict, as safetensors with the names that torch gives the arrays.'],
  ['report', 'Report as HTML', 'Results, curves, mistakes and settings on one page, which needs no other file.'],
  ['script', 'Python script', 'Trains the same network again, with bit-identical results.'],
  ['settings', 'Settings as TOML', 'For handgrad train FILE.'],
  ['csv', 'Metrics as CSV', 'Loss and accuracy of each epoch.'],
];

export async function show(root, here) {
  const choice = await chooseRun(here, 'take', (id) => { run = id; here.keep({ run }, true); draw().catch(here.fail); });
  let { run } = choice;
  const place = h('div', { class: 'stack' });
  root.append(h('div', { class: 'head' }, h('h1', null, 'Take away'), h('p', null, 'A network and its run as files, for Python, for other software, and to reproduce the run.')),
    choice.element, place);

  async function take(kind, event) {
    event.target.disabled = true;
    try {
      const response = await fetch(`/api/runs/${run}/download/${kind}`, { signal: here.signal });
      if (!response.ok) throw new Error((await response.json()).error);
      const name = response.headers.get('content-disposition')?.match(/filename="([^"]+)"/)?.[1];
      const url = URL.createObjectURL(await response.blob());
      h('a', { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
      here.well();
    } catch (error) { here.fail(error); }
    event.target.disabled = false;
  }

  async function draw() {
    const found = await get(`runs/${run}`, here.signal);
    const code = `import handgrad\n\nnetwork = handgrad.load("${found.name}.safetensors")\nnetwork.predict(images)  # (count, ${found.resolved.input_shape.join(', ')}), bytes from 0 to 255\n`;
    put(place, h('section', { class: 'card' }, h('h2', null, found.name), h('p', { class: 'quiet' }, `${found.resolved.class_names.length} classes${found.results.test_accuracy ? `, test accuracy ${percent(found.results.test_accuracy)}` : ''}.`),
      h('ul', { class: 'queue' }, KINDS.map(([kind, title, words]) => h('li', null, h('span', null, h('b', null, title), h('br'), h('small', null, words)), button('Download', (event) => take(kind, event), { 'aria-label': `Download: ${title}` }))))),
    h('section', { class: 'card' }, h('div', { class: 'line' }, h('h2', null, 'Use it in Python'), button('Copy', () => copy(code, 'Code'), { class: 'small' })), h('pre', { tabindex: 0, 'aria-label': 'Python code' }, code)));
  }
  if (run) await draw();
}
