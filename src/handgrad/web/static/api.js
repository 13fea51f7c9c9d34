// Requests to the server of this page; errors are the server's own sentences.

/** @returns {Promise<any>} */
async function answer(response) {
  const text = await response.text();
  /** @type {any} */
  let found = {};
  try { found = text ? JSON.parse(text) : {}; } catch { /* not JSON: the status says it */ }
  if (!response.ok) throw new Error(found.error ?? `The server answered ${response.status}.`);
  return found;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('The server does not answer. Is handgrad ui still running? Runs in training continue without it.');
  }
  return answer(response);
}

export const get = (path, signal) => ask(`/api/${path}`, { signal });
export const post = (path, body, signal) => ask(`/api/${path}`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}), signal,
});
export const send = (path, blob, signal) => ask(`/api/${path}`, {
  method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: blob, signal,
});

/** Query of a path: query({image: 3}) is '?image=3'. */
export const query = (values) => {
  const given = Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== '');
  return given.length ? `?${new URLSearchParams(given)}` : '';
};
