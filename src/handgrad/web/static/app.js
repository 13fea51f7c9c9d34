// The places of the page, and the address: #/place?name=value.

import { h, put } from './dom.js';

const PLACES = [
  ['data', 'Data'], ['network', 'Network'], ['train', 'Train'], ['look', 'Look inside'],
  ['draw', 'Draw'], ['runs', 'Runs'], ['studies', 'Studies'], ['take', 'Take away'],
];

const [main, list] = ['main', 'places'].map((id) => /** @type {HTMLElement} */ (document.getElementById(id)));
let leave = () => {};
let turn = 0;

put(list, PLACES.map(([id, text]) => h('li', null, h('a', { href: `#/${id}`, 'data-place': id }, text))));

function address() {
  const [, place = '', search = ''] = location.hash.match(/^#\/([a-z]*)\??(.*)$/) ?? [];
  const known = PLACES.some(([id]) => id === place);
  return { place: known ? place : 'train', given: Object.fromEntries(new URLSearchParams(search)) };
}

/** The address of a place in a state. */
export function link(place, given = {}) {
  const rows = Object.entries(given).filter(([, v]) => v !== '' && v !== undefined && v !== null);
  return `#/${place}${rows.length ? `?${new URLSearchParams(rows)}` : ''}`;
}

/** Write the state of the place into the address; `push` makes a step for Back. */
function keep(place, given, push) {
  const url = link(place, given);
  if (url === location.hash) return;
  history[push ? 'pushState' : 'replaceState'](null, '', url);
}

async function open() {
  const mine = ++turn;
  const { place, given } = address();
  leave();
  leave = () => {};
  document.title = `${Object.fromEntries(PLACES)[place]} · Handgrad`;
  for (const a of list.querySelectorAll('a')) {
    if (a.dataset.place === place) {
      a.setAttribute('aria-current', 'page');
      a.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else a.removeAttribute('aria-current');
  }
  const { show } = await import(`./place_${place}.js`);
  if (mine !== turn) return;
  const controller = new AbortController();
  const timers = new Set();
  const here = {
    given,
    signal: controller.signal,
    keep: (values, push) => {
      Object.assign(given, values);
      if (mine === turn) keep(place, given, push);
    },
    every: (milliseconds, act) => {
      const again = async () => {
        if (!document.hidden) try { await act(); } catch (error) { fail(error); }
        if (!controller.signal.aborted) timers.add(setTimeout(again, milliseconds));
      };
      timers.add(setTimeout(again, milliseconds));
    },
  };
  leave = () => { controller.abort(); timers.forEach(clearTimeout); };
  const root = h('div', { class: `place place-${place}` });
  const fail = (error) => {
    if (error.name === 'AbortError') return;
    let note = root.querySelector(':scope > .problem');
    if (!note) { note = h('p', { class: 'problem', role: 'alert' }); root.prepend(note); }
    put(note, error.message);
  };
  here.fail = fail;
  here.well = () => root.querySelector(':scope > .problem')?.remove();
  put(main, root);
  try { await show(root, here); } catch (error) { fail(error); }
  if (mine === turn && document.activeElement === document.body) main.focus({ preventScroll: true });
}

addEventListener('hashchange', open);
addEventListener('popstate', (event) => { if (event.state === null && location.hash === '') open(); });
open();
