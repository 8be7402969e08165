// The pieces of the page, as the server sends them. One in which the person writes or waits for an answer is not replaced,
// nor one whose decision would be about something else: its new version is held until the person wants to see it.
import { compareLines } from '../../../../core/kernel/line-diff.ts';
import { $, call, contentOf, diffAs, fragment, isWritten, MESSAGES, markFresh, pane, say } from './base.js';
import { restoreDrafts } from './drafts.js';

const held = new Map();
let order = [];

/** @param update the order of all pieces, if it changed, and the pieces that changed */
export function patch(update) {
  for (const [id, html] of update.changed) put(id, html);
  if (update.order) {
    order = update.order;
    const stays = new Set(order);
    for (const each of document.querySelectorAll('[data-in]')) if (!stays.has(each.id)) drop(each);
  }
  if (update.order || update.changed.length > 0) arrange();
}

/** Drops everything of the former place. */
export function emptyPane() {
  held.clear();
  sayHeld();
  pane.replaceChildren();
  pane.ariaBusy = 'true';
}

function put(id, html) {
  const old = document.getElementById(id);
  // After a lost connection everything can come again; a version that was held is over.
  if (old?.made === html) return letGo(old);
  const fresh = fragment(html).firstElementChild;
  fresh.made = html;
  if (old === null) add(fresh);
  // Another part of a session takes its place whatever is written there: drafts are kept.
  else if (mustStay(old, fresh) && old.dataset.tab === fresh.dataset.tab) hold(old, fresh);
  else replace(old, fresh);
}

function letGo(old) {
  if (!held.delete(old.id)) return;
  setClosed(old, false);
  sayHeld();
}

function add(fresh) {
  document.getElementById(fresh.dataset.in)?.append(fresh);
  if (fresh.dataset.item) markFresh();
  filled(fresh);
}

function drop(old) {
  if (mustStay(old)) return hold(old);
  // What the person has just decided stays where it was.
  if (!old.parentElement.hasAttribute('data-keeps')) old.remove();
}

/** Brings the pieces of each place into their order; one that is in order is not moved, so it keeps its focus. */
function arrange() {
  const next = new Map();
  const stays = new Set(order);
  // One that is held in use keeps its place.
  const placed = (piece) => {
    let at = piece;
    while (at && !stays.has(at.id)) at = at.nextElementSibling;
    return at;
  };
  const focused = document.activeElement;
  for (const id of order) {
    const piece = document.getElementById(id);
    const place = piece && document.getElementById(piece.dataset.in);
    if (!place) continue;
    const isHere = piece.parentElement === place;
    const isWanted = place.hasAttribute('data-keeps');
    const isKept = piece.parentElement.hasAttribute('data-keeps') && (isHere || !isWanted);
    piece.classList.toggle('decided', isKept && !isHere);
    if (isKept) continue;
    // The rows of such a place keep theirs, so that what is under the pointer does not move: a new one comes last.
    if (isWanted) {
      place.append(piece);
      continue;
    }
    const at = placed(next.has(place) ? next.get(place) : place.firstElementChild);
    if (piece !== at) place.insertBefore(piece, at);
    next.set(place, piece.nextElementSibling);
  }
  for (const row of document.querySelectorAll('[data-keeps] > *'))
    if (!stays.has(row.id)) row.classList.add('decided');
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

// In a hidden tab no row is under the pointer, so its decided rows move to their groups.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) return;
  for (const row of document.querySelectorAll('[data-keeps] > .decided')) {
    row.classList.remove('decided');
    if (order.includes(row.id)) document.getElementById(row.dataset.in).append(row);
    else row.remove();
  }
  arrange();
  dispatchEvent(new Event('arranged'));
});

function hold(old, fresh) {
  held.set(old.id, fresh);
  setClosed(old, isExchanged(old, fresh));
  sayHeld();
}

/** Until its new version is shown, nothing can be decided in a piece; its buttons keep the focus. */
function setClosed(piece, isClosed) {
  piece.toggleAttribute('data-closed', isClosed);
  for (const button of piece.querySelectorAll('form button')) button.ariaDisabled = isClosed ? 'true' : null;
}

const showButton = fragment('<button type="button">Show what changed</button>').firstChild;
showButton.onclick = () => {
  say('');
  for (const [id, fresh] of shownHeld()) show(document.getElementById(id), fresh);
};

/** What waits only for the answer of an act is not said. */
function shownHeld() {
  return [...held].filter(([id]) => !$(`#${id} form[aria-busy]`));
}

/** Says in the line that stays in view that something is held. It is set once, because a screen reader reads each change. */
function sayHeld() {
  const ids = shownHeld().map(([id]) => id);
  const isKept = ids.some((id) => isWritten(document.getElementById(id)));
  const words = ids.length === 0 ? '' : `${MESSAGES.changed} ${isKept ? `${MESSAGES.kept} ` : ''}`;
  const line = $('#held');
  if ((line.firstChild?.data ?? '') !== words) line.replaceChildren(...(words ? [words, showButton] : []));
}

/** Shows the version that was held, and what differs in a decision. */
function show(old, fresh) {
  const was = isExchanged(old, fresh) && linesOf(old);
  replace(old, fresh);
  $('.changes', old)?.remove();
  const heading = $('.gate > h2', old);
  if (!was || !heading || !old.isConnected) return $('h1', pane)?.focus();
  const note = fragment(
    '<details class="changes" open><summary>What changed while you read</summary><pre dir="ltr" tabindex="0"></pre></details>',
  );
  const differs = compareLines(was, linesOf(old)).filter(({ mark }) => mark !== ' ');
  $('pre', note).textContent = differs.map(({ mark, text }) => `${mark} ${text}`).join('\n') || MESSAGES.same;
  heading.after(note);
  const summary = $('.changes summary', old);
  summary.scrollIntoView();
  summary.focus({ preventScroll: true });
}

/** The lines of a decision as they are read, without what the page says about it. */
function linesOf(piece) {
  const others = [...piece.querySelectorAll('.changes, .buttons, output, form > .attention')];
  for (const { style } of others) style.display = 'none';
  // biome-ignore lint/performance/useDomNodeTextContent: that has neither the lines of the page, nor leaves out what is folded.
  const lines = piece.innerText.split('\n').filter((line) => line.trim() !== '');
  for (const { style } of others) style.display = '';
  return lines;
}

/** Replaces a piece, and keeps what is open, scrolled, written and focused in it. */
function replace(old, fresh) {
  letGo(old);
  if (fresh === undefined) return old.remove();
  const open = new Map([...namedDetails(old)].map(([name, each]) => [name, each.open]));
  const offered = offeredIn(old);
  const focused = old.contains(document.activeElement) ? pathOf(document.activeElement) : undefined;
  const tail = $('.tail', old);
  const isAtEnd = !tail || tail.scrollHeight - tail.scrollTop - tail.clientHeight < 40;
  const top = tail?.scrollTop;
  old.made = fresh.made;
  // The element stays: what observes it, or has opened it, keeps it.
  for (const { name, value } of fresh.attributes) if (name !== 'open') old.setAttribute(name, value);
  old.replaceChildren(...fresh.childNodes);
  for (const [name, each] of namedDetails(old)) {
    const was = open.get(name);
    if (was === undefined) continue;
    each.open = was;
    const summary = $('summary[data-load]', each);
    if (was && summary) load(summary);
  }
  if (old.dataset.item && offeredIn(old) !== offered) markFresh();
  filled(old);
  const now = $('.tail', old);
  if (now) now.scrollTop = isAtEnd ? now.scrollHeight : top;
  if (focused) [...old.querySelectorAll(focused)].at(-1)?.focus({ preventScroll: true });
}

function filled(piece) {
  restoreDrafts(piece);
  piece.dispatchEvent(new Event('filled', { bubbles: true }));
}

/** Identifies what can be decided there: the session, its state, and the text of its plan or questions. */
function offeredIn(piece) {
  const bound = [...piece.querySelectorAll(':is([name=state], [name=hash]):not(output *)')];
  return [piece.dataset.item, ...new Set(bound.map(({ value }) => value))].join(' ');
}

/** The person sees a decision or a preview that the new version would exchange; what this tab has decided is over. */
function isExchanged(old, fresh) {
  if (!$('.gate, output form', old) || $('output:is(.good, .sent)', old)) return false;
  return fresh === undefined || offeredIn(old) !== offeredIn(fresh);
}

function mustStay(old, fresh) {
  return isInUse(old) || isExchanged(old, fresh);
}

/** Finds the same control again in a new version of its piece; a button that decides loses the focus. */
function pathOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const act = element.form?.dataset.act;
  return act && element.name && element.tagName !== 'BUTTON'
    ? `form[data-act="${act}"] [name="${CSS.escape(element.name)}"]${element.type === 'radio' || element.type === 'checkbox' ? `[value="${CSS.escape(element.value)}"]` : ''}`
    : undefined;
}

/** All details by id, else by the text of their summary; a number tells those of the same text apart. */
function namedDetails(piece) {
  const named = new Map();
  const all = [...(piece.tagName === 'DETAILS' ? [piece] : []), ...piece.querySelectorAll('details')];
  for (const each of all) {
    const name = each.id || $('summary', each)?.textContent;
    let nth = 0;
    while (named.has(`${name} ${nth}`)) nth += 1;
    named.set(`${name} ${nth}`, each);
  }
  return named;
}

function isInUse(piece) {
  // A preview whose act is recorded is over.
  return isWritten(piece) || $('form[aria-busy], output form:not(:has(.good, .sent))', piece) !== null;
}

/** Shows the versions that were held, where nothing is written any more. */
export function release() {
  for (const [id, fresh] of held) {
    const old = document.getElementById(id);
    if (old && !mustStay(old, fresh)) replace(old, fresh);
  }
  sayHeld();
}
addEventListener('focusout', () => setTimeout(release, 200));

/** What is being loaded, by its place: a second answer would replace what is being written in the first. */
const loads = new WeakMap();

/** Loads content on request: an iteration, a file's diff, or more of a transcript. */
export async function load(handle) {
  const place = handle.dataset.into ? document.getElementById(handle.dataset.into) : handle;
  if (handle.tagName === 'SUMMARY' && place.childElementCount > 0) return;
  const path = handle.dataset.load.replace('{as}', diffAs());
  const running = loads.get(place);
  if (running?.path === path) return await running.loaded;
  const loaded = fill(handle, place, path);
  loads.set(place, { path, loaded });
  await loaded.finally(() => loads.get(place)?.loaded === loaded && loads.delete(place));
}

async function fill(handle, place, path) {
  const answer = await call(path).catch(() => undefined);
  if (!answer?.ok) return say(`${answer ? await answer.text() : MESSAGES.unreachable} ${MESSAGES.again}`);
  const content = await contentOf(answer);
  if (handle === place) place.replaceWith(content);
  else place.replaceChildren(content);
  place.dispatchEvent(new Event('filled', { bubbles: true }));
}

// Links to parts of the page scroll there; other links change the address.
addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (link && !link.getAttribute('href').startsWith('#/')) {
    event.preventDefault();
    const target = document.getElementById(link.getAttribute('href').slice(1));
    for (let part = target; part; part = part.parentElement)
      if (part.tagName === 'DETAILS') {
        part.open = true;
        const summary = $(':scope > summary[data-load]', part);
        if (summary) load(summary);
      }
    target?.scrollIntoView({ block: 'start' });
    target?.focus({ preventScroll: true });
  }
  const more = event.target.closest?.('[data-load]');
  if (more) load(more);
});
