// The list of sessions: its filters, its marks, and the way from one session to the next. The open session is shown beside
// the list; on a narrow screen the address decides which of the two is shown.
import { $, isNarrow, keyNow, pane, placeNow, store } from './base.js';
import { drafts } from './drafts.js';

const read = () => new Set(JSON.parse(sessionStorage.getItem('read') ?? '[]'));
const skipped = new Set();
const rows = () => [...document.querySelectorAll('#list li')];
const shownRows = () => rows().filter((row) => row.checkVisibility());
const needsYou = () => [...document.querySelectorAll('[data-keeps] > li:not(.decided):not([hidden])')];
const keyOfRow = (row) => row?.id.slice('r-'.length);

/** Opens a session in place of the open one: Back leads to where the person came from. */
export function openSession(key) {
  if (key === undefined || key === keyNow()) return;
  history.replaceState(null, '', `#/s/${key}`);
  dispatchEvent(new Event('hashchange'));
}

/** The session that needs the person after the open one, those that were skipped last. */
function nextKey() {
  const all = rows();
  const open = needsYou();
  const at = all.findIndex((row) => keyOfRow(row) === keyNow());
  const later = [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))].filter((row) => open.includes(row));
  return keyOfRow(later.find((row) => !skipped.has(keyOfRow(row))) ?? later[0]);
}

export const toNext = () => openSession(nextKey());

export function skip() {
  const key = keyNow();
  if (!needsYou().some((row) => keyOfRow(row) === key)) return;
  skipped.add(key);
  toNext();
}

/** Opens the next session of the list; on a narrow screen that shows the list, it moves the focus to the next row. */
export function step(by) {
  const all = isNarrow.matches && placeNow() !== '/' ? rows() : shownRows();
  const isList = isNarrow.matches && placeNow() === '/';
  const at = all.findIndex((row) =>
    isList ? row.contains(document.activeElement) : keyOfRow(row) === keyNow(),
  );
  const row = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!row) return;
  row.scrollIntoView({ block: 'nearest' });
  if (isList) $('a', row).focus({ preventScroll: true });
  else openSession(keyOfRow(row));
}

/** Beside the list something is always open; alone, it stays a list. @returns whether the address was changed */
export function openFirst(was) {
  if (isNarrow.matches || placeNow() !== '/') return false;
  const [, , key] = was?.split('/') ?? [];
  const next = document.getElementById(`r-${key}`) ? key : keyOfRow(needsYou()[0]);
  if (next !== undefined) history.replaceState(null, '', `#/s/${next}`);
  return next !== undefined;
}

/** Marks the open row, and those that need the person and were not opened in this tab. */
export function markRows() {
  const seen = read();
  const open = keyNow();
  for (const row of rows()) {
    const key = keyOfRow(row);
    const id = `${key} ${$('time', row).dataset.since}`;
    if (key === open) seen.add(id);
    const link = $('a', row);
    if (key === open) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    row.classList.toggle('unread', row.parentElement.hasAttribute('data-keeps') && !seen.has(id));
  }
  store('read', JSON.stringify([...seen].slice(-500)));
  const button = $('#skip');
  if (button) button.hidden = needsYou().length < 2 || !needsYou().some((row) => keyOfRow(row) === open);
}

// Filters. A count is one, too: pressed, only what it counts is shown.
let only = '';

function filterRows() {
  const find = $('#find').value.toLowerCase();
  const { value: project } = $('#project');
  const counts = {};
  for (const group of document.querySelectorAll('.group')) {
    const list = $('ul', group);
    let matching = 0;
    for (const row of list.children) {
      const { find: words, project: of, want } = row.dataset;
      const isFound = words.includes(find) && (project === '' || of === project);
      row.hidden = !isFound || (only !== '' && want !== only);
      if (!isFound || row.classList.contains('decided')) continue;
      counts[want] = (counts[want] ?? 0) + 1;
      if (!row.hidden) matching += 1;
    }
    $('small', group).textContent = matching;
    group.hidden = [...list.children].every((row) => row.hidden);
    if (group.tagName === 'DETAILS' && (find || only)) group.open = true;
  }
  for (const chip of document.querySelectorAll('[data-only]')) {
    const count = counts[chip.dataset.only] ?? 0;
    $('b', chip).textContent = count;
    chip.hidden = count === 0 && only !== chip.dataset.only;
  }
}

function offerProjects() {
  const field = $('#project');
  const names = [...new Set(rows().map((row) => row.dataset.project))].sort();
  if ([...field.options].map(({ value }) => value).join('\n') === ['', ...names].join('\n')) return;
  const chosen = field.value || sessionStorage.getItem('project') || '';
  field.replaceChildren(new Option('All projects', ''), ...names.map((name) => new Option(name, name)));
  field.value = names.includes(chosen) ? chosen : '';
  field.hidden = names.length < 2;
}

/** Says in the row of each session what is unsent. */
function markDrafts() {
  const keys = new Set(drafts().map(({ key }) => key));
  for (const row of rows()) row.classList.toggle('unsent', keys.has(keyOfRow(row)));
}

/** After the pieces of the list have changed. */
export function afterUpdate({ order, changed, more }) {
  if (!order && !changed.some(([id]) => id.startsWith('r-'))) return;
  offerProjects();
  filterRows();
  markDrafts();
  markRows();
  const isFiltering = document.activeElement.matches('.filters *');
  if (!more && !isFiltering && openFirst()) dispatchEvent(new Event('hashchange'));
}

addEventListener('drafts', markDrafts);
// A tablet that was turned shows the list and a session again.
isNarrow.addEventListener('change', () => openFirst() && dispatchEvent(new Event('hashchange')));
addEventListener('arranged', filterRows);
addEventListener('input', ({ target }) => target.id === 'find' && filterRows());
addEventListener('change', ({ target }) => {
  if (target.id !== 'project') return;
  store('project', target.value);
  filterRows();
});
addEventListener('click', ({ target }) => {
  if (target.closest?.('#skip')) return skip();
  const chip = target.closest?.('[data-only]');
  if (!chip) return;
  only = only === chip.dataset.only ? '' : chip.dataset.only;
  for (const each of document.querySelectorAll('[data-only]'))
    each.setAttribute('aria-pressed', String(each.dataset.only === only));
  filterRows();
});

// A session that has opened has the focus, but none of its buttons has.
addEventListener('filled', ({ target }) => {
  if (target.id !== 'p-head') return;
  markRows();
  if (target.wasOpened) return;
  target.wasOpened = true;
  const isElsewhere =
    document.activeElement !== document.body && document.activeElement !== pane.parentElement;
  if (!isElsewhere) $('h1', pane)?.focus({ preventScroll: true });
});
