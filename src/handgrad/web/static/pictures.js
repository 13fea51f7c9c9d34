// Arrays as pictures: bytes as they are, other numbers from blue over white to red.

import { button, download, h, number, put } from './dom.js';

/**
 * The values of an array that the server has sent.
 * @returns {number[]}
 */
export function values(array) {
  const raw = Uint8Array.from(atob(array.data), (c) => c.charCodeAt(0));
  return Array.from(array.type === 'uint8' ? raw : new Float32Array(raw.buffer));
}

/** A value between -1 and 1 as a colour: negative blue, positive red. */
function diverging(v, out, at) {
  const t = Math.min(1, Math.abs(v)) ** 0.8;
  const to = v < 0 ? [26, 95, 180] : [192, 57, 27];
  for (let k = 0; k < 3; k += 1) out[at + k] = 255 + (to[k] - 255) * t;
  out[at + 3] = 255;
}

function paint(canvas, width, height, at) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  for (let k = 0; k < width * height; k += 1) at(k, image.data, 4 * k);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** An image (channels, height, width) of bytes, with what it shows in words. */
export function picture(array, label, attributes) {
  const all = values(array);
  const [channels, height, width] = array.shape.length === 3 ? array.shape : [1, 1, all.length];
  const size = width * height;
  const canvas = h('canvas', { role: 'img', 'aria-label': label, class: 'pixels', ...attributes });
  return paint(canvas, width, height, (k, out, at) => {
    for (let c = 0; c < 3; c += 1) out[at + c] = all[(channels === 3 ? c : 0) * size + k];
    out[at + 3] = 255;
  });
}

/** One plane of numbers; `scale` is the value of full colour. */
function plane(numbers, start, width, height, scale, label) {
  const canvas = h('canvas', { role: 'img', 'aria-label': label, class: 'pixels' });
  return paint(canvas, width, height, (k, out, at) => {
    if (start + k < numbers.length) diverging(numbers[start + k] / scale, out, at);
  });
}

/** How an array is laid out in planes: {planes, height, width}. */
function layout(shape, total) {
  if (shape.length >= 3) {
    const [height, width] = shape.slice(-2);
    return { planes: total / (height * width), height, width };
  }
  if (shape.length === 2 && shape[0] > 1) return { planes: 1, height: shape[0], width: shape[1] };
  const width = total <= 40 ? total : Math.ceil(Math.sqrt(total * 2.5));
  return { planes: 1, height: Math.ceil(total / width), width };
}

const indexOf = (flat, shape) => {
  const found = [];
  for (const size of [...shape].reverse()) { found.unshift(flat % size); flat = Math.floor(flat / size); }
  return found;
};

/**
 * An array of any shape as planes in a row. A click or Enter on a plane calls `chosen` with the
 * number of the entry; the value under the pointer is written below.
 * @param {any} array
 * @param {string} name
 * @param {{chosen?: ((entry: number) => void) | null, most?: number}} options
 */
export function arrayView(array, name, { chosen, most = 32 } = {}) {
  const all = values(array);
  const { planes, height, width } = layout(array.shape, all.length);
  const scale = all.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  const isPixels = array.type === 'uint8';
  const reading = h('p', { class: 'reading' }, '\u00a0');
  const strip = h('div', { class: 'planes' });
  const total = array.of.reduce((a, b) => a * b, 1);
  const one = (p) => {
    const canvas = plane(all, p * height * width, width, height, isPixels ? 255 : scale, `${name}, part ${p + 1} of ${planes}`);
    const zoom = Math.max(1, Math.min(12, Math.floor((planes === 1 ? 260 : 84) / Math.max(width, height, 1)) || 1));
    canvas.style.width = `${Math.min(width * zoom, 560)}px`;
    const entry = (event) => {
      const box = canvas.getBoundingClientRect();
      const column = Math.min(width - 1, Math.floor(((event.clientX - box.left) / box.width) * width));
      const row = Math.min(height - 1, Math.floor(((event.clientY - box.top) / box.height) * height));
      return p * height * width + row * width + column;
    };
    const read = (flat) => (flat < all.length ? `${name}[${indexOf(flat, array.shape).join(', ')}] = ${number(all[flat], 6)}` : '\u00a0');
    canvas.addEventListener('pointermove', (event) => put(reading, read(entry(event))));
    if (chosen) {
      canvas.classList.add('choose');
      canvas.addEventListener('click', (event) => chosen(entry(event)));
    }
    return canvas;
  };
  const shown = Math.min(planes, most);
  for (let p = 0; p < shown; p += 1) strip.append(one(p));
  const low = all.reduce((a, b) => Math.min(a, b), Infinity);
  const high = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const notes = [`${array.of.join(' × ')}, from ${number(low)} to ${number(high)}`];
  if (all.length < total) notes.push(`the first ${all.length.toLocaleString('en')} of ${total.toLocaleString('en')} entries`);
  const more = shown < planes ? button(`Show all ${planes} parts`, (event) => {
    for (let p = shown; p < planes; p += 1) strip.append(one(p));
    event.target.remove();
  }, { class: 'small' }) : null;
  const save = button('CSV', () => download(`${name}.csv`, ['index,value', ...all.map((v, k) => `"${indexOf(k, array.shape).join(',')}",${v}`)].join('\n')),
    { class: 'small', 'aria-label': `${name}: download the numbers as CSV` });
  return h('div', { class: 'array' }, strip, reading, h('p', { class: 'quiet' }, notes.join('; '), ' ', more, ' ', save));
}

/** A gallery of images with a line below each. */
export function gallery(rows, caption, open) {
  if (!rows.length) return h('p', { class: 'quiet' }, 'None.');
  return h('ul', { class: 'gallery' }, rows.map((row) => {
    const text = caption(row);
    const image = picture(row.picture, text, { class: 'pixels tile' });
    return h('li', null, open ? h('a', { href: open(row) }, image, h('span', null, text)) : [image, h('span', null, text)]);
  }));
}
