// One connection for what the tab shows, which begins again whenever it ends.
import { age } from '../../../../core/kernel/durations.ts';
import { paneOf } from '../views/pane-of.ts';
import { $, call, keyNow, MESSAGES, markFresh, nameNow, pane, placeNow, say } from './base.js';
import { afterUpdate } from './list.js';
import { emptyPane, patch } from './patch.js';

const TAB = crypto.getRandomValues(new Uint32Array(2)).join('-');
/** How many updates this tab has received of what the server has made for it. */
let got = 0;
/** The server's time of the last update, from which a new stream says what has begun to need the person. */
let newsUntil = '';
export let view = { stop: new AbortController() };

/** Shows the place of the address. */
export function show() {
  view.stop.abort();
  if (!sessionStorage.getItem('key')) return dispatchEvent(new CustomEvent('refused'));
  const place = placeNow();
  // At the same session, keep what the person is writing.
  const isNew = paneOf(view.place) !== paneOf(place);
  if (isNew) {
    markFresh();
    emptyPane();
  }
  view = { stop: new AbortController(), place };
  document.body.classList.toggle('at-list', place === '/');
  follow(view);
  return isNew;
}

/** Ends what is shown, until there is a key again. */
export function endView() {
  view.stop.abort();
  view.place = undefined;
  got = 0;
  emptyPane();
}

async function follow(mine) {
  while (!mine.stop.signal.aborted) {
    let words = MESSAGES.lost;
    try {
      const asked = new URLSearchParams({ at: mine.place, after: newsUntil, tab: TAB, got });
      if (!pane.hasChildNodes()) asked.set('empty', '');
      const answer = await call(`/live?${asked}`, { signal: mine.stop.signal });
      if (answer.status === 401) return;
      if (answer.ok) {
        say(mine.isLost ? MESSAGES.back : '');
        got = Number(answer.headers.get('x-got'));
        mine.isLost = mine.isOther = false;
        dispatchEvent(new Event('connected'));
        await readLines(answer.body, async (update) => {
          // The person may have left already; the event of that comes later.
          if (mine !== view || placeNow() !== mine.place) return;
          got += 1;
          apply(update);
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

/** Lets the browser draw; a hidden tab does not. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100);
  });
}

function apply(update) {
  const { until, today, needs, news = [], end, more } = update;
  newsUntil = until ?? newsUntil;
  patch(update);
  afterUpdate(update);
  if (today !== undefined) $('#today').textContent = today === '$0.00' ? '' : `Today ${today}`;
  if (needs !== undefined) showNeeds(needs);
  for (const each of news) notice(each);
  if (end !== undefined) say(end);
  if (!more) pane.ariaBusy = 'false';
  updateAges();
}

// A browser opens six connections to one server. So a hidden tab ends its stream, except for the one that notifies.
let isNotifier = !navigator.locks;
navigator.locks?.request('samocode', () => {
  isNotifier = true;
  followAgain();
  return new Promise(() => {});
});
function followAgain() {
  if (view.stop.signal.aborted && view.place === placeNow()) show();
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) followAgain();
  else if (!isNotifier) view.stop.abort();
});

// Title, icon and notices.
function showNeeds(count) {
  const heading = keyNow() === undefined ? '' : nameNow();
  document.title = `${count > 0 ? `(${count}) ` : ''}${heading ? `${heading} · ` : ''}samocode`;
  const dot =
    count > 0
      ? `<circle cx='23' cy='9' r='9' fill='%23d97706'/><text x='23' y='14' font-size='14' text-anchor='middle' fill='white' font-family='sans-serif'>${count > 9 ? '+' : count}</text>`
      : '';
  const icon = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect x='1' y='5' width='26' height='26' rx='6' fill='%232257c5'/><path d='M8 18l5 5 8-10' stroke='white' stroke-width='3' fill='none'/>${dot}</svg>`;
  $('link[rel=icon]').href = `data:image/svg+xml,${icon}`;
}

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
    location.hash = `#/s/${key}`;
  };
}
bell.hidden = self.Notification?.permission !== 'default';
bell.onclick = async () => {
  await Notification.requestPermission();
  bell.hidden = true;
};

function updateAges() {
  for (const time of document.querySelectorAll('time[data-since]')) {
    const words = age(Date.now() - Date.parse(time.dataset.since));
    if (time.textContent !== words) time.textContent = words;
  }
}
setInterval(updateAges, 1000);
