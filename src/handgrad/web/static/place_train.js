// Train: settings, the queue, and what a run does while it trains.

import { get, post, query } from './api.js';
import { link } from './app.js';
import { bars, later, lineChart } from './charts.js';
import { button, copy, field, h, number, percent, put, say, seconds, select } from './dom.js';
import { isUsable, rowsOf } from './place_network.js';

const AUGMENTATIONS = [
  ['', 'none'], ['crop', 'random crop by 2 pixels'], ['digits', 'for digits and letters'], ['objects', 'for photographs of objects'],
];
const AUGMENTATION_ROWS = { crop: [{ name: 'random_crop', padding: 2 }], digits: 'digits', objects: 'objects' };
const DEFAULTS = {
  data: 'digits', network: 'lenet', optimizer: 'adam', learning_rate: '0.003', schedule: 'cosine', epochs: '20', batch_size: '32',
  augmentation: 'crop', seed: '0', train_count: '', early_stopping: '', clip_norm: '', activation: 'relu',
};

/** The tables of a configuration from the values of the form. */
export function tablesOf(form, rows) {
  const of = (name) => (form[name] === '' ? undefined : Number(form[name]));
  const clean = (table) => Object.fromEntries(Object.entries(table).filter(([, v]) => v !== undefined));
  const model = form.network === 'rows' ? { name: 'from_layers', layers: rows } : { name: form.network };
  if (form.network === 'lenet') Object.assign(model, { activation: form.activation, pooling: form.activation === 'sigmoid' ? 'average' : 'max' });
  return {
    seed: of('seed') ?? 0,
    dataset: clean({ name: form.data, train_count: of('train_count'), augmentation: AUGMENTATION_ROWS[form.augmentation] }),
    model,
    optimizer: clean({ name: form.optimizer, learning_rate: of('learning_rate') }),
    schedule: { name: form.schedule },
    training: clean({ epochs: of('epochs'), batch_size: of('batch_size'), early_stopping: of('early_stopping'), clip_norm: of('clip_norm') }),
  };
}

export async function show(root, here) {
  const [known, data] = await Promise.all([get('catalogue', here.signal), get('data', here.signal)]);
  const form = { ...DEFAULTS, ...Object.fromEntries(Object.entries(here.given).filter(([k]) => k in DEFAULTS)) };
  const rows = here.given.rows ? rowsOf(here.given.rows) : null;
  if (rows) form.network = 'rows';
  const queue = h('section', { class: 'card' });
  const watched = h('div', { class: 'stack' });
  let run = here.given.run ?? '';
  const change = (name) => (value) => { form[name] = value; here.keep(rows ? { ...form, rows: here.given.rows } : form); checkSoon(); if (name === 'optimizer') setRate(value); if (name === 'network') activation.hidden = value !== 'lenet'; };
  const input = (name, label, attributes, hint) => field(label, h('input', { type: 'number', name, value: form[name], oninput: (e) => change(name)(e.target.value), ...attributes }), hint);
  const rate = input('learning_rate', 'Learning rate', { min: 0, step: 'any', required: true });
  const setRate = (name) => { form.learning_rate = String(known.optimizers[name].learning_rate); rate.querySelector('input').value = form.learning_rate; };
  const datasets = [...data.known.filter((one) => one.is_here).map((one) => [one.id, `${one.name}: ${one.description}`]), ...data.own.filter(isUsable).map((one) => [one.id, `${one.name} (your own)`])];
  if (!datasets.some(([id]) => id === form.data)) datasets.unshift([form.data, `${form.data}: there is no such data set here`]);
  const networks = [...(rows ? [['rows', 'your network, from Network']] : []), ...known.models.map((name) => [name, name])];
  const activation = field('Activation', select(['relu', 'sigmoid', 'tanh', 'gelu'], form.activation, change('activation')));
  activation.hidden = form.network !== 'lenet';
  const verdict = h('div', { role: 'status' });
  const settings = h('form', { class: 'card stack', onsubmit: (e) => { e.preventDefault(); start(tablesOf(form, rows)); } },
    h('h2', null, 'New run'),
    field('Data', select(datasets, form.data, change('data'))),
    field('Network', select(networks, form.network, change('network'))),
    activation,
    h('div', { class: 'fields' },
      field('Optimizer', select(Object.keys(known.optimizers), form.optimizer, change('optimizer'))), rate,
      field('Schedule', select(known.schedules.map((name) => [name, name.replaceAll('_', ' ')]), form.schedule, change('schedule'))),
      input('epochs', 'Epochs', { min: 1, required: true }), input('batch_size', 'Batch size', { min: 1, required: true }),
      field('Augmentation', select(AUGMENTATIONS, form.augmentation, change('augmentation')))),
    h('details', null, h('summary', null, 'More settings'), h('div', { class: 'fields' },
      input('seed', 'Seed', { min: 0 }), input('train_count', 'Training images', { min: 1, placeholder: 'all' }),
      input('early_stopping', 'Early stopping', { min: 1, placeholder: 'off' }, 'epochs without improvement'),
      input('clip_norm', 'Maximum gradient norm', { min: 0, step: 'any', placeholder: 'no limit' }))),
    verdict,
    h('div', { class: 'line' }, h('button', { type: 'submit', class: 'main' }, 'Start training'), h('span', { class: 'quiet' }, 'It trains in a process of its own: close the page if you like.')));

  async function check() {
    try {
      const found = await post('settings', tablesOf(form, rows), here.signal);
      put(verdict, found.message ? h('p', { class: 'problem', role: 'alert' }, found.message)
        : h('details', null, h('summary', null, 'The same as a file, for the command line'), h('pre', { tabindex: 0 }, found.toml), button('Copy', () => copy(`${found.toml}`, 'Settings'), { class: 'small' }), h('p', { class: 'quiet' }, 'Save it as run.toml, then: ', h('code', null, 'handgrad train run.toml'))));
    } catch (error) { here.fail(error); }
  }
  let soon = 0;
  const checkSoon = () => { clearTimeout(soon); soon = setTimeout(check, 250); };

  async function start(tables) {
    live = null; // so that no earlier run looks like this one
    put(watched, h('section', { class: 'card' }, h('p', { role: 'status' }, 'Sending the settings…')));
    try {
      const { id } = await post('train', tables, here.signal);
      here.well();
      say(`${id} is in the queue.`);
      watch(id);
      await drawQueue();
    } catch (error) {
      put(verdict, h('p', { class: 'problem', role: 'alert' }, error.message));
      if (!live) showRun().catch(here.fail);
    }
  }

  async function act(id, action) {
    try {
      await post(action === 'remove' ? `queue/${id}/remove` : `runs/${id}/${action}`, {}, here.signal);
      await drawQueue();
    } catch (error) { say(error.message, 'bad'); }
  }

  let shownQueue = '';
  async function drawQueue() {
    const found = await get('queue', here.signal);
    const now = JSON.stringify([found, run]);
    if (now === shownQueue || queue.contains(document.activeElement)) return found;
    shownQueue = now;
    put(queue, h('h2', null, 'Queue and recent runs'), found.length ? h('ul', { class: 'queue' }, found.map((one) => h('li', null,
      h('a', { href: link('train', { run: one.id }), 'aria-current': one.id === run ? 'true' : null, onclick: (e) => { e.preventDefault(); watch(one.id); } }, one.id),
      h('span', { class: `chip ${one.state}` }, one.state),
      one.state === 'waiting' ? button('Remove', () => act(one.id, 'remove'), { class: 'small', 'aria-label': `Remove ${one.id} from the queue` }) : null,
      one.message ? h('p', { class: 'why' }, one.message) : null)))
      : h('p', { class: 'quiet' }, 'Nothing waits. Runs start one after the other, since each uses all cores.'));
    return found;
  }

  function watch(id) {
    run = id;
    here.keep({ run }, true);
    live = liveView(id, watched, here, act);
    live.poll().catch(here.fail);
    if (watched.getBoundingClientRect().top > innerHeight - 120) watched.scrollIntoView({ block: 'start' });
    drawQueue().catch(here.fail);
  }

  async function showRun() {
    if (run) {
      live = liveView(run, watched, here, act);
      await live.poll().catch((error) => {
        live = null;
        put(watched, h('section', { class: 'card' }, h('h2', null, run), h('p', { class: 'problem', role: 'alert' }, error.message)));
      });
    } else put(watched, h('section', { class: 'card' }, h('h2', null, 'No run yet'), h('p', { class: 'quiet' }, 'Start one, and its loss and accuracy are drawn here while it trains.')));
  }

  const example = h('section', { class: 'hero', hidden: true }, h('h2', null, 'Start here'),
    h('p', null, 'Train LeNet, a small convolutional network, on 1,797 handwritten digits. It takes less than a minute, and then you can draw digits for it, or look inside.'),
    button('Train the example', () => { example.hidden = true; start({}); }, { class: 'main' }));
  root.append(h('div', { class: 'head' }, h('h1', null, 'Train'), h('p', null, 'Choose data, a network and how it learns; then watch it. Every run is a folder that the command line knows as well.')),
    example, h('div', { class: 'columns' }, h('div', { class: 'stack' }, settings, queue), watched));
  let live = null;
  const found = await drawQueue();
  if (!run) {
    const all = found.length ? found : await get('runs', here.signal);
    example.hidden = all.length > 0;
    run = (found.find((one) => ['running', 'paused', 'starting'].includes(one.state)) ?? all[0])?.id ?? '';
    shownQueue = '';
    await drawQueue();
  }
  await showRun();
  check();
  here.every(700, async () => { await live?.poll(); });
  here.every(2000, drawQueue);
}

/** The live view of one run. */
function liveView(id, place, here, act) {
  const loss = lineChart({ title: 'Loss', x: 'epoch' });
  const accuracy = lineChart({ title: 'Accuracy', x: 'epoch', percent: true });
  const state = h('span', { class: 'chip' });
  const tools = h('div', { class: 'line' });
  const words = h('p', { role: 'status' }, 'Reading the run…');
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Progress of the training' });
  const facts = h('dl', { class: 'facts' });
  const layers = h('div');
  const norms = h('div');
  let measured = 0;
  put(place, h('section', { class: 'card stack' }, h('div', { class: 'line' }, h('h2', null, id), state, tools), words, bar, facts, h('div', { class: 'pair' }, loss.element, accuracy.element)),
    h('section', { class: 'card' }, h('h2', null, 'Layers'), norms, h('p', { class: 'quiet' }, 'The gradient norm of each layer is measured every few seconds while it trains. Measure it at the last checkpoint, with the saturated and dead units:'),
      button('Measure now', measure), layers));
  let steps = [];
  let epochs = [];
  let ends = { steps: 0, metrics: 0 };
  let old = '';
  let polling = false;

  async function measure(event) {
    event.target.disabled = true;
    put(layers, h('p', { class: 'quiet' }, 'One forward and backward pass in float64; this takes a few seconds.'));
    try {
      const found = await get(`health/${id}`, here.signal);
      put(layers, h('div', { class: 'pair' },
        h('div', null, h('h3', null, 'Gradient norm'), found.gradients.message ?? bars(found.gradients.layers.map((row) => ({ name: row.layer, value: row.gradient_norm })), { label: 'Gradient norm by layer' })),
        h('div', null, h('h3', null, 'Saturated and dead units'), found.units.message ?? bars(found.units.rows.flatMap((row) => [
          { name: `${row.layer} saturated`, value: row.share, text: percent(row.share, 1) }, { name: `${row.layer} dead`, value: row.dead, text: percent(row.dead, 1) }]), { label: 'Saturated and dead units by layer', most: 1 }))));
    } catch (error) { put(layers, h('p', { class: 'problem' }, error.message)); }
    event.target.disabled = false;
  }

  const draw = later(() => {
    const per = steps.length ? steps.at(-1).steps / (total() || 1) : 0;
    const fine = (name) => ({ name: 'training, single batches', colour: 0, faint: true, points: per ? steps.map((row) => [row.step / per, row[name]]) : [] });
    const coarse = (name, title, colour) => ({ name: title, colour, points: epochs.map((row) => [row.epoch, row[name]]).filter(([, v]) => typeof v === 'number') });
    loss.draw([fine('loss'), coarse('train_loss', 'training', 0), coarse('validation_loss', 'validation', 1)]);
    accuracy.draw([fine('accuracy'), coarse('train_accuracy', 'training', 0), coarse('validation_accuracy', 'validation', 1)]);
  });
  function drawNorms() {
    const row = steps.findLast((one) => one.layers);
    if (!row || row.step === measured) return;
    measured = row.step;
    put(norms, h('h3', null, `Gradient norm at step ${number(row.step)}`), bars(Object.entries(row.layers).map(([name, value]) => ({ name, value })), { label: 'Gradient norm by layer, while training' }));
  }

  let about = null;
  const total = () => about?.settings['training.epochs'];

  function say_(found) {
    const last = steps.at(-1);
    const epoch = epochs.at(-1)?.epoch ?? 0;
    const best = Math.max(...epochs.map((row) => row.validation_accuracy ?? row.train_accuracy), 0);
    const text = {
      waiting: 'It waits for the run before it to end.',
      starting: 'Starting: the data is loaded, and code for this network is compiled, which takes some seconds the first time.',
      running: last ? `Epoch ${last.epoch}${total() ? ` of ${total()}` : ''}${last.seconds_left === null ? '' : `, about ${seconds(last.seconds_left)} left`}.` : 'Training; the first steps are shown in a moment.',
      paused: 'Paused; it keeps its memory. Resume it, or stop it: then everything is saved and its memory is free.',
      stopped: `Stopped ${epoch ? `after epoch ${epoch}` : 'in the first epoch'}; everything is saved. Resume it: the result is bit-identical to that of an uninterrupted run.`,
      finished: 'Finished.',
      failed: found.message ?? 'It failed: a value became infinite or not a number. Try a smaller learning rate.',
    }[found.state] ?? '';
    put(words, text);
    words.classList.toggle('problem', found.state === 'failed');
    put(state, found.state);
    state.className = `chip ${found.state}`;
    bar.value = found.state === 'finished' ? 1 : last ? last.step / last.steps : total() ? epoch / total() : 0;
    const result = about?.results ?? {};
    const rows = [
      ['validation accuracy, best', best ? percent(best) : '–'],
      found.state === 'finished' ? ['test accuracy', percent(result.test_accuracy) || '–'] : ['images per second', last && found.state === 'running' ? Math.round(last.images_per_second).toLocaleString('en') : '–'],
      ['epochs', total() ? `${epoch} of ${total()}` : String(epoch)],
      found.state === 'finished' ? ['time', seconds(result.seconds) || '–'] : ['learning rate', last ? number(last.learning_rate, 3) : '–'],
    ];
    if (last?.gradient_norm) rows.push(['gradient norm', number(last.gradient_norm, 3)]);
    put(facts, rows.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
    if (found.state === old) return;
    const had = tools.contains(document.activeElement);
    old = found.state;
    const tool = (name, text, title) => button(text, () => act(id, name).then(poll), { title });
    put(tools, {
      running: [tool('pause', 'Pause'), tool('stop', 'Stop', 'Save everything and end the process')],
      paused: [tool('resume', 'Resume'), tool('stop', 'Stop')],
      stopped: [tool('resume', 'Resume')],
      starting: [tool('stop', 'Stop')],
      waiting: [tool('remove', 'Remove')],
      finished: [h('a', { class: 'button', href: link('draw', { run: id }) }, 'Draw for it'), h('a', { class: 'button', href: link('look', { run: id }) }, 'Look inside'), h('a', { class: 'button', href: link('take', { run: id }) }, 'Take away')],
    }[found.state] ?? []);
    if (had) (tools.querySelector('button, a') ?? words).focus();
  }

  async function poll() {
    if (polling || old === 'finished') return;
    polling = true;
    try {
      const found = await get(`runs/${id}/live${query({ steps: ends.steps, metrics: ends.metrics })}`, here.signal);
      if (found.steps.after < ends.steps) steps = [];
      if (found.epochs.after < ends.metrics) epochs = [];
      ends = { steps: found.steps.after, metrics: found.epochs.after };
      steps.push(...found.steps.rows);
      epochs.push(...found.epochs.rows);
      if (!['waiting', 'starting'].includes(found.state) && (!about || found.state !== old)) {
        about = await get(`runs/${id}`, here.signal).catch(() => null);
      }
      here.well();
      say_(found);
      draw();
      drawNorms();
    } finally { polling = false; }
  }
  return { poll };
}
