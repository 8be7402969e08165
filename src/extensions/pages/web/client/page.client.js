// Shows markup rendered by the server and sends the person's decisions. Its own texts are below.
const MESSAGES = {
  lost: 'Connection lost; trying again …',
  back: 'Connected again.',
  ended: 'You ended it; nothing was changed.',
  unreachable: 'The server cannot be reached.',
  other: 'Another program answers at this address, so the key was not sent. Trying again …',
  held: 'This has changed since you began to write. Your text is kept.',
  started: 'The connection was lost. Send it again: the same form starts only one session in ten minutes.',
  empty: 'Nothing is answered yet: choose an answer, or write one.',
  again: 'To try again, press or open it once more.',
  soon: 'This has just appeared: read it first.',
  full: 'The browser has no room for what you write: it is not kept when you leave.',
  earlier: 'Your text was written for an earlier version. Choices of that version are not kept.',
  old: 'This browser is too old for the page. In a terminal: samocode watch',
};
const $ = (selector, inside = document) => inside.querySelector(selector);
const main = $('#main');
const state = $('#state');
let view = { stop: new AbortController(), held: new Map() };

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

async function call(path, init = {}) {
  const headers = { authorization: `Bearer ${sessionStorage.getItem('key')}` };
  if (init.body) headers['content-type'] = 'application/json';
  if (confirmed) headers['x-tab'] = confirmed;
  await expectServer();
  const answer = await fetch(path, { ...init, headers });
  proof = answer.headers.get('x-proof') ?? proof;
  if (answer.status === 401) {
    refusedKeys.add(sessionStorage.getItem('key'));
    sessionStorage.removeItem('key');
    lock();
  }
  return answer;
}

/** Keeps something in the tab, if there is room. */
function store(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    say(MESSAGES.full);
  }
}

function say(words) {
  state.textContent = words;
}

/** `#/`, `#/inbox`, `#/inbox/<key>`, `#/board`, `#/new`, `#/s/<key>`, `#/s/<key>/transcript/<number>`. */
function placeNow() {
  return location.hash.slice(1) || '/';
}

/** The session that the place is about, or `new`; undefined for a list. */
function keyNow() {
  const [, first, key] = placeNow().split('/');
  return first === 'new' ? first : key;
}

/** The session that a form is about; the tab may be on its way to another one. */
function keyOf(form) {
  return form.elements.session?.value ?? keyNow();
}

/** The name of the session that is shown, in the inbox of its open item; otherwise of the page. */
function nameNow() {
  return ($('#item bdi', main) ?? $('h1 bdi', main) ?? $('h1', main))?.textContent ?? '';
}

function show() {
  view.stop.abort();
  if (!sessionStorage.getItem('key')) return lock();
  const path = placeNow();
  // The same location with another key: keep what the person is writing there.
  const isFirst = view.path !== path && !(isInbox(view.path) && isInbox(path));
  if (isFirst) {
    changedAt = performance.now();
    // No form of the former place can be sent from here.
    main.replaceChildren();
  }
  view = { stop: new AbortController(), path, held: new Map(), isFirst };
  follow(view);
}

/** The time at which the person got something else to decide on. */
let changedAt = performance.now();
const TOO_SOON_MS = 500;

/** Whether a key or a click may still have been meant for what was here before. */
function isTooSoon() {
  return performance.now() - changedAt < TOO_SOON_MS;
}

const isInbox = (path = '') => /^\/inbox(?:\/|$)/.test(path);

/** Keeps one connection open for the view, and reconnects whenever it ends. */
async function follow(mine) {
  while (!mine.stop.signal.aborted) {
    let words = MESSAGES.lost;
    try {
      const asked = new URLSearchParams({ at: mine.path, after: newsUntil, rows: rowsStamp() });
      const answer = await call(`/live?${asked}`, { signal: mine.stop.signal });
      if (answer.status === 401) return;
      if (answer.ok) {
        say(mine.isLost ? MESSAGES.back : '');
        mine.isLost = mine.isOther = false;
        settleReceipts();
        await readLines(answer.body, async (update) => {
          // The person may have left already; the event of that comes later.
          if (mine !== view || placeNow() !== mine.path) return;
          applyUpdate(update);
          if (update.more) await painted();
        });
      } else words = await answer.text();
    } catch (error) {
      if (error === MESSAGES.other) words = error;
      mine.isOther = error === MESSAGES.other;
    }
    if (mine.stop.signal.aborted) return;
    mine.isLost = true;
    say(words);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function readLines(body, each) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + value).split('\n');
    text = lines.pop();
    for (const line of lines) await each(JSON.parse(line));
  }
}

// A browser opens six connections to one server. So a hidden tab ends its stream, except for the one that notifies.
let isNotifier = !navigator.locks;
navigator.locks?.request('samocode', () => {
  isNotifier = true;
  followAgain();
  return new Promise(() => {});
});
function followAgain() {
  if (view.stop.signal.aborted && view.path === placeNow()) show();
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) followAgain();
  else if (!isNotifier) view.stop.abort();
});

/** Lets the browser draw; a hidden tab does not. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });
}

function fragment(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

function applyUpdate(update) {
  const {
    frame,
    at,
    parts = [],
    cards = [],
    gone = [],
    inbox,
    more,
    needs,
    news = [],
    today,
    pool,
    end,
  } = update;
  newsUntil = update.until ?? newsUntil;
  if (frame !== undefined) showFrame(frame, at);
  for (const [id, html] of parts) put(id, html);
  for (const key of gone) $(`#c-${key}`)?.remove();
  if (cards.length > 0) placeCards(cards, more);
  if (cards.length + gone.length > 0 || (needs !== undefined && !view.isKnown)) afterCards();
  if (inbox) placeRows(inbox);
  if (today !== undefined) showToday(today);
  if (pool !== undefined) $('#to-pool').hidden = !pool;
  if (needs !== undefined) showNeeds(needs);
  for (const each of news) notice(each);
  if (end !== undefined) say(end);
  tick();
}

/** @param at the place of the frame, if the server chose it */
function showFrame(frame, at) {
  if (at) {
    history.replaceState(null, '', `#${at}`);
    view.path = at;
  }
  // After a reconnection, keep what the person is writing.
  if (view.isFirst) main.replaceChildren(fragment(frame));
  view.stays = view.isFirst ? undefined : new Set();
  view.isFirst = false;
  for (const each of document.querySelectorAll('.top nav a'))
    setCurrent(each, view.path.startsWith(each.hash.slice(1)));
}

function setCurrent(link, isCurrent) {
  if (isCurrent) link.setAttribute('aria-current', 'page');
  else link.removeAttribute('aria-current');
}

// Parts. A form in use is not replaced: its new version is held until the person wants it, or has sent or emptied the form.
function put(id, html) {
  const place = document.getElementById(id);
  if (!place) return;
  if (isInUse(place)) {
    view.held.set(id, html);
    return showHeld(place);
  }
  replace(place, html);
}

function showHeld(place) {
  if ($('.held', place)) return;
  const note = fragment(
    `<p class="held attention" role="status">${MESSAGES.held} <button type="button">Show the new version</button></p>`,
  );
  $('button', note).onclick = () => replace(place, view.held.get(place.id));
  place.prepend(note);
}

/** Replaces a part, and keeps what is open, scrolled, written and focused in it. */
function replace(place, html) {
  view.held.delete(place.id);
  const open = new Map([...namedDetails(place)].map(([name, each]) => [name, each.open]));
  const offered = offeredIn(place);
  const focused = place.contains(document.activeElement) ? pathOf(document.activeElement) : undefined;
  const tail = $('.tail', place);
  const isAtEnd = !tail || tail.scrollHeight - tail.scrollTop - tail.clientHeight < 40;
  const top = tail?.scrollTop;
  place.replaceChildren(fragment(html));
  for (const [name, each] of namedDetails(place)) {
    const was = open.get(name);
    if (was === undefined) continue;
    each.open = was;
    const summary = $('summary[data-load]', each);
    if (was && summary) load(summary);
  }
  if (offeredIn(place) !== offered) changedAt = performance.now();
  restoreDrafts(place);
  place.dispatchEvent(new Event('filled', { bubbles: true }));
  const now = $('.tail', place);
  if (now) now.scrollTop = isAtEnd ? now.scrollHeight : top;
  if (focused) [...place.querySelectorAll(focused)].at(-1)?.focus({ preventScroll: true });
}

/** Identifies what can be decided there: the item, its state, and the text of its plan or questions. */
function offeredIn(place) {
  const bound = [...place.querySelectorAll('.gate [name=state], .gate [name=hash]')];
  return [$('[data-item]', place)?.dataset.item, ...bound.map(({ value }) => value)].join(' ');
}

/** Finds the same control again in a new version of its part; a button that decides loses the focus. */
function pathOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const act = element.form?.dataset.act;
  return act && element.name && element.tagName !== 'BUTTON'
    ? `form[data-act="${act}"] [name="${CSS.escape(element.name)}"]${element.type === 'radio' || element.type === 'checkbox' ? `[value="${CSS.escape(element.value)}"]` : ''}`
    : undefined;
}

/** All details by id, else by the text of their summary; a number tells those of the same text apart. */
function namedDetails(place) {
  const named = new Map();
  for (const each of place.querySelectorAll('details')) {
    const name = each.id || $('summary', each)?.textContent;
    let nth = 0;
    while (named.has(`${name} ${nth}`)) nth += 1;
    named.set(`${name} ${nth}`, each);
  }
  return named;
}

function isInUse(place) {
  return isWritten(place) || $('form[aria-busy], output form', place) !== null;
}

const FIELDS = 'textarea, select, input:not([type=hidden])';

function isChanged(field) {
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  // Without a default, the first option is chosen.
  if (field.tagName === 'SELECT') {
    const byDefault = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(byDefault, 0);
  }
  return field.value !== field.defaultValue;
}

function isWritten(place) {
  return [...place.querySelectorAll(FIELDS)].some(isChanged);
}

function release() {
  for (const [id, html] of view.held) {
    const place = document.getElementById(id);
    if (place && !isInUse(place)) put(id, html);
  }
}
addEventListener('focusout', () => setTimeout(release, 200));

// Title, icon and notices.
function showNeeds(count) {
  const heading = nameNow();
  document.title = `${count > 0 ? `(${count}) ` : ''}${heading ? `${heading} · ` : ''}samocode`;
  const dot =
    count > 0
      ? `<circle cx='23' cy='9' r='9' fill='%23d97706'/><text x='23' y='14' font-size='14' text-anchor='middle' fill='white' font-family='sans-serif'>${count > 9 ? '+' : count}</text>`
      : '';
  const icon = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect x='1' y='5' width='26' height='26' rx='6' fill='%232257c5'/><path d='M8 18l5 5 8-10' stroke='white' stroke-width='3' fill='none'/>${dot}</svg>`;
  $('link[rel=icon]').href = `data:image/svg+xml,${icon}`;
}

/** The server's time of the last update, from which a new stream says what has come into the inbox. */
let newsUntil = '';
const bell = $('#notify');
function notice([key, title, body]) {
  if (self.Notification?.permission !== 'granted') return;
  let shown;
  try {
    shown = new Notification(title, { body, tag: key });
  } catch {
    // Browsers of phones have the class, but not this constructor.
    return;
  }
  shown.onclick = () => {
    focus();
    location.hash = `#/inbox/${key}`;
  };
}
bell.hidden = self.Notification?.permission !== 'default';
bell.onclick = async () => {
  await Notification.requestPermission();
  bell.hidden = true;
};

// Elapsed times.
function tick() {
  const now = Date.now();
  for (const time of document.querySelectorAll('time[data-since]')) {
    const seconds = Math.max(0, Math.round((now - Date.parse(time.dataset.since)) / 1000));
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const words =
      minutes < 1
        ? `${seconds} s`
        : hours < 1
          ? `${minutes} min`
          : hours < 48
            ? `${hours} h ${minutes % 60} min`
            : `${Math.floor(hours / 24)} d`;
    if (time.textContent !== words) time.textContent = words;
  }
}
setInterval(tick, 1000);

/** The content of a response: markup, or plain text, which may quote untrusted text and is never parsed. */
async function contentOf(answer) {
  const text = await answer.text();
  return answer.headers.get('content-type')?.startsWith('text/html') ? fragment(text) : text;
}

// Links to sections scroll there; other links change the address.
addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (link && !link.getAttribute('href').startsWith('#/')) {
    event.preventDefault();
    goTo(link.getAttribute('href').slice(1));
  }
  const more = event.target.closest?.('[data-load]');
  if (more) load(more);
});

function goTo(id) {
  const target = document.getElementById(id);
  for (let part = target; part; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true;
  target?.scrollIntoView({ block: 'start' });
}

/** Loads content on request: a file's diff, or more of a transcript. */
async function load(handle) {
  const place = handle.dataset.into ? document.getElementById(handle.dataset.into) : handle;
  if (handle.tagName === 'SUMMARY' && place.childElementCount > 0) return;
  const answer = await call(handle.dataset.load.replace('{as}', diffAs())).catch(() => undefined);
  if (!answer?.ok) return say(`${answer ? await answer.text() : MESSAGES.unreachable} ${MESSAGES.again}`);
  const content = await contentOf(answer);
  if (handle === place) place.replaceWith(content);
  else place.replaceChildren(content);
  place.dispatchEvent(new Event('filled', { bubbles: true }));
}
