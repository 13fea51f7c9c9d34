// The camera of this machine, in the place of a drawing area, where the browser allows it.

import { button, h, put } from './dom.js';

const SIDE = 256; // pixels of a photograph: the most that the server keeps
const REASONS = {
  NotAllowedError: 'The browser does not let this page use the camera. Allow it next to the address, or choose files.',
  NotFoundError: 'This machine has no camera. Choose files instead.',
  NotReadableError: 'Another program uses the camera. Close it, then try again.',
};

/**
 * A drawing area that the camera can take the place of. `changed` is called when it does, and when
 * the drawing area is back; leaving the place of the page ends the camera.
 * @param {any} board
 * @param {{signal: AbortSignal, fail: (error: Error) => void, changed: () => void}} options
 */
export function withCamera(board, { signal, fail, changed }) {
  const video = /** @type {HTMLVideoElement} */ (h('video', { muted: true, playsinline: true }));
  const view = h('canvas', { class: 'drawing', width: SIDE, height: SIDE, role: 'img', 'aria-label': 'What the camera sees' });
  const area = h('div', null, board.element);
  const turn = button('Use the camera', () => (stream ? stop() : start()));
  let stream = null;

  function follow() {
    if (!stream) return;
    const { videoWidth: width, videoHeight: height } = video;
    const side = Math.min(width, height);
    view.getContext('2d').drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    requestAnimationFrame(follow);
  }

  async function start() {
    turn.disabled = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      video.srcObject = stream;
      await video.play();
    } catch (error) {
      stop();
      fail(new Error(REASONS[error.name] ?? `The camera does not start: ${error.message}. Choose files instead.`));
      return;
    }
    if (signal.aborted) { stop(); return; }
    stream.getTracks().forEach((track) => track.addEventListener('ended', stop));
    put(area, view);
    put(turn, 'Draw instead');
    turn.disabled = false;
    follow();
    changed();
  }

  function stop() {
    const was = stream;
    stream = null;
    was?.getTracks().forEach((track) => track.stop());
    put(area, board.element);
    put(turn, 'Use the camera');
    turn.disabled = false;
    if (was) changed();
  }

  signal.addEventListener('abort', stop);
  return {
    element: area, turn: navigator.mediaDevices ? turn : null, stop, clear: board.clear,
    isOn: () => Boolean(stream),
    isEmpty: () => !stream && board.isEmpty(),
    /** What the camera sees, or the drawing, as a PNG. */
    blob: (centred) => (stream ? new Promise((resolve) => { view.toBlob(resolve, 'image/png'); }) : board.blob(centred)),
  };
}
