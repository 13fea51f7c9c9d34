// Elements without markup: text from runs, files and classes is always text.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (name in { value: 1, checked: 1, disabled: 1, selected: 1, open: 1 }) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** An HTML element: h('p', {class: 'quiet'}, 'text', other). */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Replace the content of an element. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** What a control is called: its label for readers of the screen, or its text. */
const called = (one) => one.getAttribute('aria-label') ?? one.textContent;

/**
 * Draw the content of an element anew, and keep the focus on the control of the same name, by
 * default the one that has it; else on `other`.
 * @param {HTMLElement} element
 * @param {() => void} draw
 * @param {HTMLElement | null} other
 * @param {string} [name]
 */
export function keepFocus(element, draw, other, name) {
  const had = document.activeElement;
  if (!name && (!had || !element.contains(had))) { draw(); return; }
  const all = (text) => /** @type {HTMLElement[]} */ ([...element.querySelectorAll('button, select, input, summary')].filter((one) => called(one) === text));
  const text = name ?? called(had);
  const at = all(called(had)).indexOf(/** @type {HTMLElement} */ (had));
  draw();
  const now = all(text).filter((one) => !one.matches(':disabled'));
  (now[Math.max(0, at)] ?? now.at(-1) ?? other)?.focus();
}

let counter = 0;
export const unique = (stem) => `${stem}-${++counter}`;

/** A labelled control: the label is tied to it. */
export function field(label, control, hint) {
  control.id ||= unique('field');
  const note = hint ? h('small', { id: unique('hint') }, hint) : null;
  if (note) control.setAttribute('aria-describedby', note.id);
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, note);
}

export function select(options, value, onchange, attributes) {
  const rows = options.map((one) => (Array.isArray(one) ? one : [one, one]));
  return h('select', { ...attributes, onchange: (e) => onchange?.(e.target.value) },
    rows.map(([id, text]) => h('option', { value: id, selected: id === value }, text)));
}

export function button(text, onclick, attributes) {
  return h('button', { type: 'button', onclick, ...attributes }, text);
}

let timer = 0;

/** Say something to readers of the screen, and show it for a while. */
export function say(text, kind = '') {
  const status = document.getElementById('status');
  put(status, h('div', { class: `toast ${kind}` }, text));
  clearTimeout(timer);
  timer = setTimeout(() => put(status), kind === 'bad' ? 12000 : 4000);
}

export function download(name, content, type = 'text/csv') {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export async function copy(text, what) {
  await navigator.clipboard.writeText(text);
  say(`${what} copied.`);
}

const whole = new Intl.NumberFormat('en').format;

/** A count with its noun, in the plural unless it is 1. */
export const numberOf = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;

/** Numbers as people read them. */
export const number = (x, digits = 4) => {
  if (typeof x !== 'number') return '';
  if (x === 0) return '0';
  const size = Math.abs(x);
  if (Number.isInteger(x)) return whole(x);
  return size >= 1e5 || size < 1e-3 ? x.toExponential(digits - 2) : String(Number(x.toPrecision(digits)));
};
export const percent = (x, digits = 2) => (typeof x === 'number' ? `${(100 * x).toFixed(digits)} %` : '');
export const seconds = (x) => {
  if (typeof x !== 'number') return '';
  if (x < 90) return `${x < 10 ? x.toFixed(1) : Math.round(x)} s`;
  const minutes = Math.round(x / 60);
  return minutes < 90 ? `${minutes} min` : `${(x / 3600).toFixed(1)} h`;
};
export const bytes = (x) => (x < 1024 ? `${x} B` : x < 1 << 20 ? `${(x / 1024).toFixed(1)} KiB` : `${(x / (1 << 20)).toFixed(1)} MiB`);
export const sizes = (shape) => (shape ? shape.join(' × ') : '');
