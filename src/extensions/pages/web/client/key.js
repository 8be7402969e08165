// How a tab gets the key with which it acts. An address carries only a code that works once: the tab exchanges it, and
// keeps the key in its own storage. A cookie would also be sent to servers on other ports of this machine.
import { $, fragment, MESSAGES, pane } from './base.js';
import { draftList, drafts } from './drafts.js';
import { endView, show, view } from './stream.js';

const LOCKED = 'This page has no key yet.';
const LOCKED_FORM = `<form id="key"><p>${LOCKED} In a terminal: <code>samocode web --open</code></p>
<p><label>Or the six digits of <code>samocode web --code</code>: <input name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" size="8" required></label> <button>Open</button></p>
<output></output><div id="kept"></div></form>`;

/** Keys that a server has refused to this tab. */
const refusedKeys = new Set();

/** A new tab asks open tabs for the key. */
const tabs = 'BroadcastChannel' in self ? new BroadcastChannel('samocode') : { postMessage() {} };
tabs.onmessage = ({ data }) => {
  const key = sessionStorage.getItem('key');
  if (data === 'key?' && key && !view.isOther) tabs.postMessage({ key });
  else if (data.key && !key && !refusedKeys.has(data.key)) keep(data.key);
};

function keep(key) {
  sessionStorage.setItem('key', key);
  $('#key')?.remove();
  document.body.classList.remove('locked');
  show();
}

/** @returns why the page got no key */
async function exchange(code) {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch('/key', { method: 'POST', headers, body: JSON.stringify({ code }) });
    const text = await answer.text();
    if (!answer.ok) return text;
    tabs.postMessage({ key: text });
    keep(text);
  } catch {
    return MESSAGES.unreachable;
  }
}

let isExchanging = false;

/** Takes a code out of the address, which no longer shows it even if the exchange fails. */
export async function takeCode() {
  const given = /^#c=([\w-]*)(?:&v=(.*))?$/.exec(location.hash);
  if (!given) return;
  history.replaceState(null, '', `#${given[2] || '/'}`);
  isExchanging = true;
  const problem = await exchange(given[1]);
  isExchanging = false;
  if (problem && !sessionStorage.getItem('key')) lock(problem);
}

addEventListener('refused', ({ detail }) => {
  if (detail) refusedKeys.add(detail);
  lock();
});

/** A tab without a key shows what the person has written in it and not sent. */
function lock(problem = '') {
  view.stop.abort();
  if (isExchanging || $('#key')) return;
  endView();
  document.body.classList.add('locked');
  pane.replaceChildren(fragment(LOCKED_FORM));
  pane.ariaBusy = 'false';
  if (drafts().length > 0) {
    const heading = document.createElement('h2');
    heading.textContent = 'Written here and not sent';
    $('#kept').append(heading, draftList(false));
  }
  if (problem) $('#key output').textContent = problem;
  tabs.postMessage('key?');
}

addEventListener('hashchange', takeCode);

// Runs before the page's own forms, which need the key.
addEventListener(
  'submit',
  async (event) => {
    if (event.target.id !== 'key') return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const problem = await exchange(new FormData(event.target).get('code'));
    if (problem) $('#key output').textContent = problem;
  },
  true,
);
