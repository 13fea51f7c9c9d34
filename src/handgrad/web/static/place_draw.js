// Draw: a drawing or a picture, and what a network makes of it.

import { get, query, send } from './api.js';
import { withCamera } from './camera.js';
import { bars } from './charts.js';
import { chooseRun } from './choose_run.js';
import { button, h, number, percent, put, say } from './dom.js';
import { picture, values } from './pictures.js';

const SIDE = 280;
const SMALL = 64; // pixels, up to which an image keeps its pixels visible
const MARGIN = 0.12; // of the side, around a centred drawing
const MOST = 10; // classes listed
const PAUSE = 100; // milliseconds between two pictures of the camera
const EXAMPLES = 300; // test images that an example is drawn from

/** The square around the bright pixels of a canvas, with a margin. */
function bounds(canvas) {
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
    if (data[4 * (y * width + x)] > 40) { left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y); }
  }
  if (right < 0) return null;
  const side = Math.max(right - left, bottom - top, 8) / (1 - 2 * MARGIN);
  return { x: (left + right) / 2 - side / 2, y: (top + bottom) / 2 - side / 2, side };
}

/** A canvas to draw on with pointer or keys; `changed` is called after each stroke and in between. */
export function drawingCanvas(changed) {
  const canvas = h('canvas', { class: 'drawing', width: SIDE, height: SIDE, tabindex: 0, role: 'application', 'aria-roledescription': 'drawing area', 'aria-label': 'Drawing area. Arrow keys move the pen, space lifts and lowers it, Escape clears.' });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const past = [];
  let last = null;
  let pen = { x: SIDE / 2, y: SIDE / 4, down: false };
  const clear = () => { context.fillStyle = '#000'; context.fillRect(0, 0, SIDE, SIDE); };
  const keep = () => { past.push(context.getImageData(0, 0, SIDE, SIDE)); if (past.length > 30) past.shift(); };
  const at = (event) => { const box = canvas.getBoundingClientRect(); return { x: ((event.clientX - box.left) / box.width) * SIDE, y: ((event.clientY - box.top) / box.height) * SIDE }; };
  const stroke = (a, b) => {
    Object.assign(context, { strokeStyle: '#fff', lineWidth: SIDE / 11, lineCap: 'round', lineJoin: 'round' });
    context.beginPath();
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y + 0.01);
    context.stroke();
  };
  canvas.addEventListener('pointerdown', (event) => { canvas.setPointerCapture(event.pointerId); keep(); last = at(event); stroke(last, last); changed(); });
  canvas.addEventListener('pointermove', (event) => {
    if (!last) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) { const next = at(one); stroke(last, next); last = next; }
    changed();
  });
  for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => { if (last) changed(); last = null; });
  canvas.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) {
      const next = { ...pen, x: Math.min(SIDE, Math.max(0, pen.x + 10 * step[0])), y: Math.min(SIDE, Math.max(0, pen.y + 10 * step[1])) };
      if (pen.down) { stroke(pen, next); changed(); }
      pen = next;
    } else if (event.key === ' ') {
      pen.down = !pen.down;
      if (pen.down) { keep(); stroke(pen, pen); changed(); }
      say(pen.down ? 'Pen down' : 'Pen up');
    } else if (event.key === 'Escape') { keep(); clear(); changed(); } else return;
    event.preventDefault();
  });
  clear();
  return {
    element: canvas, clear: () => { keep(); clear(); changed(); },
    undo: () => { if (past.length) { context.putImageData(past.pop(), 0, 0); changed(); } },
    isEmpty: () => !bounds(canvas),
    /** The drawing as a PNG, centred and scaled if asked for. */
    blob: (centred) => {
      const area = centred && bounds(canvas);
      const out = h('canvas', { width: SIDE, height: SIDE });
      const target = out.getContext('2d');
      target.fillRect(0, 0, SIDE, SIDE);
      if (area) target.drawImage(canvas, area.x, area.y, area.side, area.side, 0, 0, SIDE, SIDE);
      else target.drawImage(canvas, 0, 0);
      return new Promise((resolve) => { out.toBlob(resolve, 'image/png'); });
    },
    /** Put the central square of an image on it. */
    paste: (image) => {
      const { width, height } = image;
      const side = Math.min(width, height);
      keep();
      clear();
      context.imageSmoothingEnabled = side > SMALL;
      context.drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
      changed();
    },
  };
}

export async function show(root, here) {
  const choice = await chooseRun(here, 'draw', (id) => { run = id; here.keep({ run }, true); classify(); }, (row) => (row.inputs === 'images' ? '' : `${row.name} takes ${row.inputs}, which cannot be drawn.`));
  let { run } = choice;
  root.append(h('div', { class: 'head' }, h('h1', null, 'Draw'), h('p', null, 'Draw a digit, choose an image or use the camera: the prediction is updated as you draw, next to the image that the network receives.')));
  root.append(choice.element);
  if (!run) return;
  let file = null;
  let waits = false;
  let again = false;
  let centred = true;
  const nothing = () => h('p', { class: 'quiet' }, 'The image appears here in the size of the network, as it receives it.');
  const seen = h('div', null, nothing());
  const answer = h('div', { 'aria-live': 'polite' }, h('p', { class: 'quiet' }, 'Nothing drawn yet. Draw on the black square, or press Example.'));
  const board = drawingCanvas(() => { file = null; classify(); });
  const source = withCamera(board, { signal: here.signal, fail: here.fail, changed: () => { file = null; classify(); } });

  async function classify() {
    if (waits) { again = true; return; }
    waits = true;
    try {
      if (!file && source.isEmpty()) {
        put(answer, h('p', { class: 'quiet' }, 'Nothing drawn yet. Draw on the black square, or press Example.'));
        put(seen, nothing());
      } else {
        const found = await send(`look/${run}/picture`, file ?? await source.blob(centred), here.signal);
        here.well();
        draw(found);
      }
    } catch (error) { source.stop(); put(answer); put(seen); here.fail(error); }
    waits = false;
    if (source.isOn() && !file) setTimeout(classify, PAUSE);
    else if (again) { again = false; classify(); }
  }

  function draw(found) {
    const top = Math.max(...found.scores);
    const rows = found.classes.map((name, k) => ({ name, value: found.scores[k], strong: found.scores[k] === top, text: found.are_probabilities ? percent(found.scores[k], 1) : number(found.scores[k]) }));
    const listed = rows.length > MOST ? [...rows].sort((a, b) => b.value - a.value).slice(0, MOST) : rows;
    put(answer, h('p', null, 'Predicted class: ', h('strong', { class: 'answer' }, found.classes[found.scores.indexOf(top)]), found.are_probabilities ? `, probability ${percent(top, 1)}.` : '. Its loss gives scores, not probabilities.'),
      bars(listed, { label: 'Score of each class', most: found.are_probabilities ? 1 : undefined }));
    const image = picture(found.seen, 'Network input', { class: 'pixels seen' });
    const [channels, height, width] = found.seen.shape;
    put(seen, image, h('p', { class: 'quiet' }, `${height} × ${width} pixels, ${channels === 1 ? 'grey' : 'colour'}${found.inverted ? '; light and dark were swapped, since the training images are the other way round' : ''}.`));
  }

  function take(given) {
    if (!given) return;
    if (!given.type.startsWith('image/')) { here.fail(new Error(`${given.name || 'This'} is not an image. Give a PNG, JPEG, WebP or GIF file.`)); return; }
    source.stop();
    file = given;
    classify();
  }

  async function example() {
    try {
      const found = await get(`look/${run}/trace${query({ image: Math.floor(Math.random() * EXAMPLES) })}`, here.signal);
      source.stop();
      const [channels] = found.picture.shape;
      const image = picture(found.picture, 'example');
      const mean = values(found.picture).reduce((a, b) => a + b, 0) / values(found.picture).length;
      if (channels === 1 && mean < 128) { centred = false; box.checked = false; board.paste(image); }
      else { file = await new Promise((resolve) => { image.toBlob(resolve); }); classify(); }
      say(`A test image of class ${found.classes[found.true]}.`);
    } catch (error) { here.fail(error); }
  }

  const box = h('input', { type: 'checkbox', id: 'centred', checked: true, onchange: (e) => { centred = e.target.checked; classify(); } });
  const pick = h('input', { type: 'file', accept: 'image/png,image/jpeg,image/webp,image/gif', onchange: (e) => take(e.target.files[0]) });
  const drop = h('div', { class: 'drop stack' }, h('p', null, 'Drop an image anywhere on the page, paste one, or choose a file:'), h('label', { class: 'hidden', for: 'pick' }, 'Image file'), Object.assign(pick, { id: 'pick' }));
  root.append(h('div', { class: 'draw-columns' },
    h('section', { class: 'card stack' }, h('h2', null, 'Your drawing'), source.element,
      h('div', { class: 'line' }, button('Clear', () => { box.checked = true; centred = true; board.clear(); }), button('Undo', board.undo), button('Example', example), source.turn),
      h('div', { class: 'check' }, box, h('label', { for: 'centred' }, 'Centre and scale the drawing')), drop),
    h('section', { class: 'card stack' }, h('h2', null, 'Network input'), seen),
    h('section', { class: 'card stack' }, h('h2', null, 'Prediction'), answer)));
  const over = (is) => (event) => { event.preventDefault(); drop.classList.toggle('over', is); };
  const options = { signal: here.signal };
  addEventListener('dragover', over(true), options);
  addEventListener('dragleave', over(false), options);
  addEventListener('drop', (event) => { over(false)(event); take(event.dataTransfer?.files[0]); }, options);
  addEventListener('paste', (event) => take(event.clipboardData?.files[0]), options);
}
