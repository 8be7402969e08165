// What every part of the page's script needs: its texts, the place of the tab, and requests with its key.
export const MESSAGES = {
  lost: 'Connection lost; trying again …',
  back: 'Connected again.',
  ended: 'You ended it; nothing was changed.',
  unreachable: 'The server cannot be reached.',
  other: 'Another program answers at this address, so the key was not sent. Trying again …',
  changed: 'This has changed while you read.',
  kept: 'What you wrote is kept.',
  same: 'No word of what is shown here.',
  started: 'The connection was lost. Send it again: the same form starts only one session in ten minutes.',
  empty: 'Nothing is answered yet: choose an answer, or write one.',
  half: (open) => `No answer yet to ${open}. Send once more to send the rest.`,
  again: 'To try again, press or open it once more.',
  soon: 'This has just appeared: read it first.',
  full: 'The browser has no room for what you write: it is not kept when you leave.',
  earlier: 'Your text was written for an earlier version. Choices of that version are not kept.',
  old: 'This browser is too old for the page. In a terminal: samocode watch',
};
export const $ = (selector, inside = document) => inside.querySelector(selector);
export const pane = $('#session');

export function say(words) {
  $('#state').textContent = words;
}

/** Keeps something in the tab, if there is room. */
export function store(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    say(MESSAGES.full);
  }
}

export function fragment(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

/** `/`, `/new`, `/pool`, `/s/<key>`, `/s/<key>/<part>`, `/s/<key>/transcript/<number>`. Older addresses lead there, too. */
export function placeNow() {
  const place = location.hash.slice(1) || '/';
  return place.replace(/^\/(?:inbox|board)(?=\/|$)/, '').replace(/^\/(?=[0-9a-f]{12}$)/, '/s/') || '/';
}

/** The session that the place is about, or `new`; undefined for the list. */
export function keyNow() {
  const [, first, key] = placeNow().split('/');
  return first === 'new' ? first : key;
}

/** The session that a form is about; the tab may be on its way to another one. */
export function keyOf(form) {
  return form.elements.session?.value ?? keyNow();
}

/** The name of the session or form beside the list. */
export function nameNow() {
  return ($('#name') ?? $('h1', pane))?.textContent ?? '';
}

// What the person decides on has just appeared: a key or a click may still have been meant for what was there before.
const TOO_SOON_MS = 500;
let freshTimer;
export function markFresh() {
  document.body.dataset.fresh = '';
  clearTimeout(freshTimer);
  freshTimer = setTimeout(() => delete document.body.dataset.fresh, TOO_SOON_MS);
}
export const isTooSoon = () => 'fresh' in document.body.dataset;

// What the server showed of its key. Another program can take the port of a server that has ended: the key is sent only
// to one that shows the same again.
let proof;

/** @throws MESSAGES.other */
async function expectServer() {
  if (!proof) return;
  const [word, shown] = proof.split(' ');
  const answer = await fetch(`/proof/${word}`);
  if ((await answer.text()) !== shown) throw MESSAGES.other;
}

/** Given to a tab that a person has confirmed; in memory alone. */
let confirmed;
export function setConfirmed(word) {
  confirmed = word;
}

/** A request with the key of this tab. A refused key is reported by the event `refused`. */
export async function call(path, init = {}) {
  const key = sessionStorage.getItem('key');
  const headers = { authorization: `Bearer ${key}` };
  if (init.body) headers['content-type'] = 'application/json';
  if (confirmed) headers['x-tab'] = confirmed;
  await expectServer();
  const answer = await fetch(path, { ...init, headers });
  proof = answer.headers.get('x-proof') ?? proof;
  if (answer.status === 401) {
    sessionStorage.removeItem('key');
    dispatchEvent(new CustomEvent('refused', { detail: key }));
  }
  return answer;
}

/** The content of a response: markup, or plain text, which may quote untrusted text and is never parsed. */
export async function contentOf(answer) {
  const text = await answer.text();
  return answer.headers.get('content-type')?.startsWith('text/html') ? fragment(text) : text;
}

// Fields.
export const FIELDS = 'textarea, select, input:not([type=hidden])';

export function isChanged(field) {
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  // Without a default, the first option is chosen.
  if (field.tagName === 'SELECT') {
    const byDefault = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(byDefault, 0);
  }
  return field.value !== field.defaultValue;
}

export function isWritten(place) {
  return [...place.querySelectorAll(FIELDS)].some(isChanged);
}

// A narrow screen has no room for a diff side by side.
export const isNarrow = matchMedia('(max-width: 56rem)');
export function diffAs() {
  return isNarrow.matches ? 'unified' : (sessionStorage.getItem('as') ?? 'unified');
}
