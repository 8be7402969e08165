// The inbox: rows keep their places, so that what is under the pointer or the focus does not move. New items come last; a
// decided one stays as a row without a demand until the page is loaded again.
const readItems = () => new Set(JSON.parse(sessionStorage.getItem('read') ?? '[]'));
const skipped = new Set();

/** Identifies the rows that the list has, so that a new stream does not send them again. */
const rowsStamp = () => $('#rows')?.dataset.stamp ?? '';

function placeRows({ order, rows, stamp }) {
  const list = $('#rows');
  if (!list) return;
  list.dataset.stamp = stamp;
  const made = new Map(rows);
  for (const key of order) {
    const old = document.getElementById(`r-${key}`);
    const row = old ?? list.appendChild(document.createElement('li'));
    row.id = `r-${key}`;
    row.dataset.key = key;
    const html = made.get(key);
    if (html !== undefined) fillRow(row, html);
    row.classList.remove('decided');
  }
  for (const row of list.children) if (!order.includes(row.dataset.key)) row.classList.add('decided');
  $('#none').hidden = order.length > 0;
  $('#skip').hidden = order.length < 2;
  $('#sum').textContent = order.length > 0 ? `${order.length} to decide` : '';
  offerProjects();
  showDrafts();
  if (!keyNow() && order.length > 0) openItem(openRows()[0]?.dataset.key);
  markRows();
}

function fillRow(row, html) {
  const hadFocus = row.contains(document.activeElement);
  row.replaceChildren(fragment(html));
  row.dataset.project = $('small', row).textContent;
  if (hadFocus) $('a', row).focus({ preventScroll: true });
}

const openRows = () => [...document.querySelectorAll('#rows > li:not(.decided):not([hidden])')];

/** Opens an item in place of the open one: Back leads out of the inbox. */
function openItem(key) {
  if (key === undefined || key === keyNow()) return;
  history.replaceState(null, '', `#/inbox/${key}`);
  move();
}

/** The item that follows the open one, those that were skipped last. */
function nextItem() {
  const rows = openRows();
  const all = [...document.querySelectorAll('#rows > li')];
  const at = all.findIndex((row) => row.dataset.key === keyNow());
  const later = [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))].filter((row) => rows.includes(row));
  return (later.find((row) => !skipped.has(row.dataset.key)) ?? later[0])?.dataset.key;
}

function toNext() {
  const key = nextItem();
  if (key !== undefined) openItem(key);
}

function skip() {
  const key = keyNow();
  if (!isInbox(view.path) || !key) return;
  skipped.add(key);
  toNext();
}

/** Marks the open row, and those whose item was not opened in this tab. */
function markRows() {
  const read = readItems();
  const open = isInbox(placeNow()) ? keyNow() : undefined;
  for (const row of document.querySelectorAll('#rows > li')) {
    const id = `${row.dataset.key} ${$('time', row)?.dataset.since}`;
    if (row.dataset.key === open) read.add(id);
    setCurrent($('a', row), row.dataset.key === open);
    row.classList.toggle('unread', !read.has(id));
  }
  store('read', JSON.stringify([...read].slice(-500)));
}

function offerProjects() {
  const field = $('#project');
  const names = [
    ...new Set([...document.querySelectorAll('#rows > li')].map((row) => row.dataset.project)),
  ].sort();
  const chosen = field.value || sessionStorage.getItem('project') || '';
  field.replaceChildren(new Option('all', ''), ...names.map((name) => new Option(name, name)));
  field.value = names.includes(chosen) ? chosen : '';
  field.closest('label').hidden = names.length < 2;
  filterRows();
}

function filterRows() {
  const { value } = $('#project');
  store('project', value);
  for (const row of document.querySelectorAll('#rows > li'))
    row.hidden = value !== '' && row.dataset.project !== value;
}
addEventListener('change', ({ target }) => target.id === 'project' && filterRows());
addEventListener('click', ({ target }) => {
  if (target.id === 'skip') skip();
  if (target.id !== 'all-items') return;
  const isOpen = target.getAttribute('aria-expanded') === 'true';
  target.setAttribute('aria-expanded', String(!isOpen));
});

// A new item has the focus, but none of its buttons has.
addEventListener('filled', ({ target }) => {
  if (target.id !== 'p-item') return;
  markRows();
  const heading = $('#item');
  const isElsewhere = document.activeElement !== document.body && document.activeElement !== main;
  if (heading && !isElsewhere) heading.focus({ preventScroll: true });
});

function showToday(words) {
  const sum = $('#today');
  if (sum) sum.textContent = words === '$0.00' ? '' : `today ${words}`;
}
