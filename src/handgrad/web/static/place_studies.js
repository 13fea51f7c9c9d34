// Studies: published results, what came out here, and rows to run.

import { get, post } from './api.js';
import { button, copy, h, put } from './dom.js';

export async function show(root, here) {
  root.append(h('div', { class: 'head' }, h('h1', null, 'Studies'), h('p', null, 'Experiments that reports have published, as data: each row is a question, with its settings and the numbers of the report. Run a row in its quick size, a few minutes, and read what came out.')));
  const place = h('div', { class: 'stack' }, h('p', { class: 'quiet' }, 'Reading the studies; the first time this takes some seconds.'));
  root.append(place);
  const cards = new Map();

  async function act(study, path) {
    try {
      await post(`studies/${study.name}/${path}`, {}, here.signal);
      here.well();
    } catch (error) { here.fail(error); }
    await read(study.name);
  }

  /** The progress of a row, or the button that runs it. */
  function progress(study, row, running) {
    const [done, all] = row.epochs;
    if (done === all) return h('span', { class: 'chip finished' }, 'done');
    return [done ? h('progress', { max: all, value: done, 'aria-label': `${row.row}: ${done} of ${all} epochs` }) : null,
      running ? null : button(done ? 'Continue' : 'Run', () => act(study, `rows/${row.row}`), { class: 'small', 'aria-label': `Run ${study.name} ${row.row}, quick size` })];
  }

  function draw(study) {
    const old = cards.get(study.name);
    const now = JSON.stringify(study);
    if (old?.now === now) return;
    const focused = old?.element.contains(document.activeElement) ? document.activeElement?.textContent : null;
    const command = `handgrad study run ${study.name}`;
    const element = h('section', { class: 'card stack' }, h('div', { class: 'line' }, h('h2', null, study.title || study.name), study.is_running ? [h('span', { class: 'chip running' }, 'running'), button('Stop', () => act(study, 'stop'), { 'aria-label': `Stop ${study.name}` })] : null),
      h('p', { class: 'quiet' }, study.report), study.message ? h('p', { class: 'problem', role: 'alert' }, study.message) : null,
      h('div', { class: 'line' }, study.has_report ? h('a', { class: 'button main', href: `/api/studies/${study.name}/report`, target: '_blank', rel: 'noopener' }, 'Open the report') : h('span', { class: 'quiet' }, 'Nothing has been run here yet. To run all of it, in a terminal:'),
        h('code', null, command), button('Copy', () => copy(command, 'The command'), { class: 'small', 'aria-label': `Copy ${command}` })),
      h('details', { open: study.is_running || old?.element.querySelector('details').open }, h('summary', null, `${study.rows.length} questions`),
        h('ol', { class: 'questions' }, study.rows.map((row) => h('li', null, h('div', { class: 'line' }, h('b', null, row.row), progress(study, row, study.is_running)), row.question)))));
    if (old) old.element.replaceWith(element); else place.append(element);
    cards.set(study.name, { now, element, study });
    if (focused) (/** @type {HTMLElement | undefined} */ ([...element.querySelectorAll('button, summary')].find((one) => one.textContent === focused)) ?? element.querySelector('button'))?.focus();
  }

  async function read(name) { draw(await get(`studies/${name}`, here.signal)); }

  const studies = await get('studies', here.signal);
  put(place);
  studies.forEach(draw);
  here.every(1000, async () => { for (const { study } of cards.values()) if (study.is_running) await read(study.name); });
}
