// Studies: published results, and what came out here.

import { get } from './api.js';
import { button, copy, h, put } from './dom.js';

export async function show(root, here) {
  root.append(h('div', { class: 'head' }, h('h1', null, 'Studies'), h('p', null, 'Experiments that reports have published, as data: each row is a question, with its settings and the numbers of the report.')));
  const place = h('div', { class: 'stack' }, h('p', { class: 'quiet' }, 'Reading the studies…'));
  root.append(place);
  const studies = await get('studies', here.signal);
  put(place, studies.map((study) => {
    const command = `handgrad study run ${study.name}`;
    return h('section', { class: 'card' }, h('h2', null, study.title || study.name), h('p', { class: 'quiet' }, study.report),
      h('div', { class: 'line' }, study.has_report ? h('a', { class: 'button main', href: `/api/studies/${study.name}/report`, target: '_blank', rel: 'noopener' }, 'Open the report') : h('span', { class: 'quiet' }, 'Not run here yet. In a terminal:'),
        h('code', null, command), button('Copy', () => copy(command, 'The command'), { class: 'small', 'aria-label': `Copy ${command}` })),
      h('details', null, h('summary', null, `${study.rows.length} questions`), h('ol', null, study.rows.map((row) => h('li', null, h('b', null, row.row), ' ', row.question)))));
  }));
}
