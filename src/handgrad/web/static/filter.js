// The filter of the table of runs: words, and comparisons of columns.

const SIGNS = ['>=', '<=', '!=', '=', '<', '>'];
const UNITS = { '': 1, '%': 0.01, s: 1, min: 60, h: 3600 };

/** @typedef {{word: string, ids?: string[], sign?: string, value?: string}} Term */

/** A value as typed, as a number: 100,000, 90 %, 2 min; NaN for anything else. */
export function numberIn(text) {
  const [, digits, unit] = text.trim().match(/^([-+]?[\d.,]+(?:e[-+]?\d+)?)\s*(%|s|min|h)?$/) ?? [];
  return digits === undefined ? NaN : Number(digits.replaceAll(/,(?=\d{3})/g, '')) * UNITS[unit ?? ''];
}

const plain = (part) => part.replaceAll('"', '');

/** The columns of a name: its key, its title, or the last part of the key of a setting. */
function columnsOf(name, columns) {
  const same = columns.filter(([id, title]) => id.toLowerCase() === name || title.toLowerCase() === name);
  return (same.length ? same : columns.filter(([id]) => id.toLowerCase().endsWith(`.${name}`))).map(([id]) => id);
}

/**
 * The words and comparisons of a filter. `columns` are pairs of key and title. `unknown` says what
 * is wrong with it, "" if nothing is.
 * @param {string} text
 * @param {string[][]} columns
 * @returns {{terms: Term[], unknown: string}}
 */
export function termsOf(text, columns) {
  const parts = text.toLowerCase().match(/"[^"]*"|>=|<=|!=|[=<>]|[^\s"=<>!]+|!/g) ?? [];
  /** @type {Term[]} */
  const terms = [];
  for (let k = 0; k < parts.length; k += 1) {
    if (!SIGNS.includes(parts[k])) { terms.push({ word: plain(parts[k]) }); continue; }
    const sign = parts[k];
    const words = [];
    while (terms.length && !terms.at(-1)?.ids) words.unshift(terms.pop()?.word ?? '');
    const start = words.findIndex((_, n) => columnsOf(words.slice(n).join(' '), columns).length);
    if (start < 0) {
      return { terms: [], unknown: words.length ? `There is no column named ${words.at(-1)}. Take the name of a column, such as test accuracy or training.epochs.` : `Write the name of a column before ${sign}.` };
    }
    terms.push(...words.slice(0, start).map((word) => ({ word })));
    k += 1;
    let value = SIGNS.includes(parts[k] ?? '') ? '' : plain(parts[k] ?? '');
    if (parts[k + 1] in UNITS && !Number.isNaN(numberIn(value))) { k += 1; value += parts[k]; }
    terms.push({ word: '', ids: columnsOf(words.slice(start).join(' '), columns), sign, value });
  }
  return { terms, unknown: '' };
}

const compared = { '>': (a, b) => a > b, '<': (a, b) => a < b, '>=': (a, b) => a >= b, '<=': (a, b) => a <= b };

/** Whether one value is as a comparison says; `shown` is its text in the table. */
function holds(found, shown, sign, value) {
  const other = /^\d{4}-\d\d/.test(value) ? Date.parse(value) / 1000 : numberIn(value);
  if (sign in compared) return typeof found === 'number' && compared[sign](found, other);
  const texts = [String(found), String(found).split(/[\\/]/).at(-1) ?? '', shown].map((text) => text.toLowerCase());
  const isEqual = texts.includes(value) || shown.toLowerCase().replaceAll(' ', '') === value || (typeof found === 'number' && found === other);
  return isEqual === (sign === '=');
}

/**
 * Whether a row has every term of a filter; `text` is what words are looked for in, and `value`
 * and `shown` give a column's value and its text. A comparison without a value holds.
 * @param {Term[]} terms
 * @param {string} text
 * @param {(id: string) => any} value
 * @param {(id: string) => string} shown
 */
export function matches(terms, text, value, shown) {
  return terms.every((term) => {
    if (!term.ids) return text.includes(term.word);
    if (!term.value) return true;
    const set = term.ids.filter((id) => value(id) !== undefined);
    const one = (id) => holds(value(id), shown(id), term.sign, term.value);
    return term.sign === '!=' ? set.every(one) : set.some(one);
  });
}
