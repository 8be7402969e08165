// Shows markup rendered by the server and sends the person's decisions. Its own texts are below.
const MESSAGES = {
  lost: 'Connection lost; trying again …',
  other: 'Another program answers at this address, so the key was not sent. Trying again …',
  held: 'This has changed in the meantime. Your text is kept until you send or delete it.',
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
  await expectServer();
  const answer = await fetch(path, { ...init, headers });
  proof = answer.headers.get('x-proof') ?? proof;
  if (answer.status === 401) {
    sessionStorage.removeItem('key');
    lock();
  }
  return answer;
}

function say(words) {
  state.textContent = words;
}

/** `#/`, `#/new`, `#/s/<key>`, `#/s/<key>/transcript/<number>`. */
function placeNow() {
  return location.hash.slice(1) || '/';
}

function show() {
  view.stop.abort();
  if (!sessionStorage.getItem('key')) return lock();
  // The same location with another key: keep what the person is writing there.
  const isFirst = view.path !== placeNow() || !isInUse(main);
  view = { stop: new AbortController(), path: placeNow(), held: new Map(), isFirst };
  follow(view);
}

/** Keeps one connection open for the view, and reconnects whenever it ends. */
async function follow(mine) {
  while (!mine.stop.signal.aborted) {
    let words = MESSAGES.lost;
    try {
      const answer = await call(`/live?at=${encodeURIComponent(mine.path)}`, { signal: mine.stop.signal });
      if (answer.status === 401) return;
      if (answer.ok) {
        say('');
        await readLines(answer.body, async (update) => {
          if (mine !== view) return;
          applyUpdate(update);
          if (update.more) await painted();
        });
      } else words = await answer.text();
    } catch (error) {
      if (error === MESSAGES.other) words = error;
    }
    if (mine.stop.signal.aborted) return;
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

function applyUpdate({ frame, parts = [], cards = [], gone = [], more, needs, end }) {
  if (frame !== undefined) {
    // After a reconnection, keep what the person is writing.
    if (view.isFirst) main.replaceChildren(fragment(frame));
    view.stays = view.isFirst ? undefined : new Set();
    view.isFirst = false;
  }
  for (const [id, html] of parts) put(id, html);
  for (const key of gone) $(`#c-${key}`)?.remove();
  if (cards.length > 0) placeCards(cards, more);
  if (cards.length + gone.length > 0 || (needs !== undefined && !view.isKnown)) afterCards();
  if (needs !== undefined) showNeeds(needs);
  if (end !== undefined) say(end);
  tick();
}

// Parts. A form in use is not replaced: its new version is held until the form is sent or emptied.
function put(id, html) {
  const place = document.getElementById(id);
  if (!place) return;
  if (isInUse(place)) {
    view.held.set(id, html);
    return say(MESSAGES.held);
  }
  view.held.delete(id);
  const open = new Map([...place.querySelectorAll('details')].map((each) => [nameOf(each), each.open]));
  const tail = $('.tail', place);
  const isAtEnd = !tail || tail.scrollHeight - tail.scrollTop - tail.clientHeight < 40;
  const top = tail?.scrollTop;
  place.replaceChildren(fragment(html));
  for (const each of place.querySelectorAll('details')) {
    const was = open.get(nameOf(each));
    if (was === undefined) continue;
    each.open = was;
    const summary = $('summary[data-load]', each);
    if (was && summary) load(summary);
  }
  place.dispatchEvent(new Event('filled', { bubbles: true }));
  const now = $('.tail', place);
  if (now) now.scrollTop = isAtEnd ? now.scrollHeight : top;
}

function nameOf(details) {
  return details.id || details.querySelector('summary')?.textContent;
}

function isInUse(place) {
  const fields = [...place.querySelectorAll('textarea, input:not([type=hidden])')];
  const isFilled = fields.some((field) =>
    field.type === 'checkbox' ? field.checked !== field.defaultChecked : field.value !== field.defaultValue,
  );
  return (
    isFilled ||
    $('form[aria-busy]', place) !== null ||
    (place.contains(document.activeElement) && document.activeElement.matches('textarea, input'))
  );
}

function release() {
  for (const [id, html] of view.held) {
    const place = document.getElementById(id);
    if (place && !isInUse(place)) put(id, html);
  }
}
addEventListener('focusout', () => setTimeout(release, 200));

// The board.
function placeCards(cards, more) {
  const groups = new Map();
  for (const [key] of cards) view.stays?.add(`c-${key}`);
  if (view.stays && !more) {
    for (const card of document.querySelectorAll('.card')) if (!view.stays.has(card.id)) card.remove();
    view.stays = undefined;
  }
  for (const [key, group, place, html] of cards) {
    const card = fragment(html).firstElementChild;
    card.dataset.place = place;
    const old = document.getElementById(`c-${key}`);
    const hadFocus = old?.contains(document.activeElement);
    const isNews = group === 'g-needs-you' && view.isKnown && old?.parentElement.parentElement.id !== group;
    const list = groups.get(group) ?? $(`#${group} .cards`);
    groups.set(group, list);
    if (!list) continue;
    if (old?.parentElement === list) old.replaceWith(card);
    else {
      old?.remove();
      const after = view.isKnown
        ? [...list.children].find((each) => Number(each.dataset.place) < place)
        : null;
      list.insertBefore(card, after ?? null);
    }
    if (hadFocus) $('a', card)?.focus({ preventScroll: true });
    if (isNews) notice($('h3', card).textContent, $('.sentence', card).textContent);
  }
  view.isKnown ||= !more;
}

function afterCards() {
  const find = ($('#find')?.value ?? '').toLowerCase();
  let all = 0;
  const sums = [];
  for (const group of document.querySelectorAll('.group')) {
    let shown = 0;
    for (const card of group.querySelectorAll('.card')) {
      card.hidden = !card.dataset.find.includes(find);
      if (!card.hidden) shown += 1;
    }
    all += group.querySelectorAll('.card').length;
    group.hidden = shown === 0;
    if (group.tagName === 'DETAILS' && find) group.open = true;
    $('h2 small', group).textContent = shown;
    const words = $('h2', group).firstChild.textContent.trim().toLowerCase();
    if (shown > 0) sums.push(`${shown} ${shown > 1 ? words.replace('needs', 'need') : words}`);
  }
  const sum = $('#sum');
  if (sum) sum.textContent = sums.join(' · ');
  const none = $('#none');
  if (none) none.hidden = all > 0;
}

// Title, icon and notices.
function showNeeds(count) {
  document.title = `${count > 0 ? `(${count}) ` : ''}samocode`;
  const dot =
    count > 0
      ? `<circle cx='23' cy='9' r='9' fill='%23d97706'/><text x='23' y='14' font-size='14' text-anchor='middle' fill='white' font-family='sans-serif'>${count > 9 ? '+' : count}</text>`
      : '';
  const icon = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect x='1' y='5' width='26' height='26' rx='6' fill='%232257c5'/><path d='M8 18l5 5 8-10' stroke='white' stroke-width='3' fill='none'/>${dot}</svg>`;
  $('link[rel=icon]').href = `data:image/svg+xml,${icon}`;
}

const bell = $('#notify');
function notice(title, body) {
  if (self.Notification?.permission === 'granted') new Notification(title, { body, tag: title });
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

// Acts. A form names its act; the response is shown beside its buttons.
function fieldsOf(form, button) {
  const fields = {};
  for (const [name, value] of new FormData(form, button)) {
    if (name in fields) fields[name] = [fields[name], value].flat();
    else fields[name] = value;
  }
  return fields;
}

// Uses capture, because in Chromium the submit event of a nested form, as in a preview, does not bubble.
addEventListener('submit', send, true);
async function send(event) {
  const form = event.target;
  if (form.method === 'dialog') return;
  event.preventDefault();
  if (form.hasAttribute('aria-busy')) return;
  const output = form.querySelector('output');
  const body = JSON.stringify(fieldsOf(form, event.submitter));
  form.setAttribute('aria-busy', 'true');
  output.className = '';
  output.textContent = '…';
  try {
    const [, , key] = view.path.split('/');
    const path = form.dataset.act === 'start' ? '/start' : `/s/${key}/${form.dataset.act}`;
    const answer = await call(path, { method: 'POST', body });
    output.replaceChildren(await contentOf(answer));
    // 202: left for a worker, and not done yet.
    output.className = answer.status === 202 ? '' : answer.ok ? 'good' : 'bad';
    if (answer.ok && form.dataset.act !== 'preview') form.reset();
  } catch {
    output.className = 'bad';
    output.textContent = 'The server cannot be reached; it is unknown whether anything was done.';
  }
  form.removeAttribute('aria-busy');
  say(output.textContent.slice(0, 200));
  setTimeout(release, 1500);
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
  const answer = await call(handle.dataset.load.replace('{as}', diffAs()));
  const content = await contentOf(answer);
  if (handle === place) place.replaceWith(content);
  else place.replaceChildren(content);
  place.dispatchEvent(new Event('filled', { bubbles: true }));
}

// Keys.
const handles = () =>
  [...document.querySelectorAll('.card:not([hidden]) a, .it > summary')].filter((each) => each.offsetParent);
function step(by) {
  const all = handles();
  const at = all.indexOf(document.activeElement);
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}
function unfold(key) {
  const details = $(`details[data-key="${key}"]`);
  if (!details) return;
  details.open = true;
  $('textarea, input, button', details)?.focus();
}
const toBoard = () => {
  location.hash = '#/';
};
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => $('#find')?.focus(),
  b: toBoard,
  Escape: toBoard,
  n: () => {
    location.hash = '#/new';
  },
  a: () => $('.gate textarea, .gate input:not([type=hidden]), #g-needs-you a')?.focus(),
  '?': () => $('#keys').showModal(),
};
for (const key of ['m', 'r', 'f', 'v', 's']) KEYS[key] = () => unfold(key);
addEventListener('keydown', (event) => {
  const { target, key } = event;
  const isTyping = target.matches?.('textarea, input:not([type=checkbox]), select');
  if (isTyping && key === 'Enter' && (event.ctrlKey || event.metaKey)) return target.form?.requestSubmit();
  if (isTyping && key === 'Escape') return target.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || $('dialog[open]')) return;
  if (Object.hasOwn(KEYS, key)) {
    event.preventDefault();
    KEYS[key]();
  }
});
$('#help').onclick = KEYS['?'];
addEventListener('input', ({ target }) => target.id === 'find' && afterCards());
addEventListener('hashchange', () => {
  show();
  main.focus({ preventScroll: true });
  scrollTo({ top: 0 });
});

if ('replaceChildren' in main && 'TextDecoderStream' in self) show();
else main.textContent = MESSAGES.old;
