// The choice of a run whose network can be used, and why the one of an address cannot.

import { get } from './api.js';
import { link } from './app.js';
import { field, h, percent, select } from './dom.js';

const MOST = 3; // runs that are named as left out

/** Why the run of an address is not among those that can be chosen. */
async function reason(id, row, unfit, signal) {
  if (row && unfit) return unfit;
  if (row) return row.state === 'failed' ? 'it failed before its first epoch ended.' : 'no epoch of it has ended yet.';
  const queued = (await get('queue', signal)).find((one) => one.id === id);
  if (queued?.state === 'failed') return `it could not be trained. ${queued.message ?? ''}`;
  return queued ? 'no epoch of it has ended yet.' : 'there is no such folder here. It may have been removed or renamed.';
}

/** A run in a list: its name, its data set, and how good it is. */
const textOf = (row) => `${row.name}, ${row.settings['dataset.name']?.split(/[\\/]/).at(-1)}${row.results.test_accuracy ? `, ${percent(row.results.test_accuracy, 1)}` : ''}`;

/**
 * The run of the address, else the newest one, and the control that chooses another. No run takes
 * the place of one that cannot be used. `unfit` says why a view cannot use a run; "" if it can.
 * @param {any} here
 * @param {string} place
 * @param {(run: string) => void} changed
 * @param {(row: any) => string} unfit
 */
export async function chooseRun(here, place, changed, unfit = () => '') {
  const rows = await get('runs', here.signal);
  const trained = rows.filter((row) => row.results.epoch || row.state === 'finished');
  const usable = trained.filter((row) => !unfit(row));
  const wanted = here.given.run ?? '';
  const run = wanted ? usable.find((row) => row.id === wanted)?.id ?? '' : usable[0]?.id ?? '';
  const element = h('div', { class: 'stack choice' });
  if (wanted && !run) {
    const row = rows.find((one) => one.id === wanted);
    const why = await reason(wanted, row, trained.includes(row) ? unfit(row) : '', here.signal);
    element.append(h('p', { class: 'problem', role: 'alert' }, `There is no usable run named ${row?.name ?? wanted}: ${why}`));
  }
  if (!usable.length) {
    element.append(h('p', { class: 'hero' }, trained.length ? 'No network here takes images of bytes in grey or colour. ' : 'There is no trained network yet. ',
      h('a', { href: link('train') }, 'Train the example'), ': it takes less than a minute.'));
    return { run, element };
  }
  const reasons = trained.map(unfit).filter(Boolean);
  element.append(field('Network', select([...(run ? [] : [['', 'choose…']]), ...usable.map((row) => [row.id, textOf(row)])], run, (id) => {
    if (run) changed(id);
    else if (id) location.hash = link(place, { ...here.given, run: id });
  }), reasons.length ? `Left out: ${reasons.slice(0, MOST).join(' ')}${reasons.length > MOST ? ` ${reasons.length - MOST} more.` : ''}` : undefined));
  return { run, element };
}
