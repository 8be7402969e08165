// Shows the changes, unified or side by side, and takes comments on lines. The tab keeps them until they are sent.
import { $, diffAs, isNarrow, keyNow, keyOf, nameNow, store } from './base.js';
import { showDrafts } from './drafts.js';
import { load } from './patch.js';

const reviewForm = () => $('#remarks');
const storageKey = () => `comments ${reviewForm() ? keyOf(reviewForm()) : keyNow()}`;
const comments = () => JSON.parse(sessionStorage.getItem(storageKey()) ?? '{}');

let drawnLayout;
function showLayout() {
  drawnLayout = diffAs();
  for (const each of document.querySelectorAll('[data-as]'))
    each.setAttribute('aria-pressed', each.dataset.as === drawnLayout);
}

/** Reloads the open files in the chosen layout; the others are loaded when they are opened. */
function redraw() {
  if (diffAs() === drawnLayout) return;
  showLayout();
  for (const file of document.querySelectorAll('details.file')) {
    const summary = $('summary', file);
    document.getElementById(summary.dataset.into).replaceChildren();
    if (file.open) load(summary);
  }
}
isNarrow.addEventListener('change', redraw);

function saveComment({ file, line, quote }, text) {
  const all = comments();
  const id = `${line} ${file}`;
  if (text.trim()) all[id] = { file, line, quote, text, name: nameNow() };
  else delete all[id];
  store(storageKey(), JSON.stringify(all));
  showCount();
}

function showCount() {
  const all = Object.values(comments());
  const form = reviewForm();
  if (!form) return;
  form.hidden = all.length === 0 && !$('output', form).textContent;
  form.elements.comments.value = JSON.stringify(all);
  $('b', form).textContent = all.length > 0 ? `${all.length} comment${all.length > 1 ? 's' : ''}` : '';
  $('button', form).hidden = all.length === 0;
  showDrafts();
}

/** The text of a line with its sign, from the cell beside the button. */
function quoteOf(button) {
  let cell = button.closest('td');
  while (!cell.matches('.code')) cell = cell.nextElementSibling;
  return cell.textContent;
}

/** Opens the comment field below a line. If the line is gone, the field is at the top and quotes it. */
function fieldFor(table, comment) {
  const { line, quote, text = '' } = comment;
  const button = $(`[data-line="${line}"]`, table);
  const row = button?.closest('tr') ?? table.rows[0];
  const old = $(`[data-about="${line}"]`, table);
  if (old) return old;
  const remark = document.createElement('tr');
  remark.className = 'remark';
  const cell = remark.insertCell();
  cell.colSpan = table.rows[0].cells[0].colSpan;
  const label = document.createElement('label');
  const is = button && quoteOf(button) === quote;
  label.textContent = `${line < 0 ? 'Removed line' : 'Line'} ${Math.abs(line)}${is ? '' : `, formerly: ${quote}`}`;
  const field = document.createElement('textarea');
  field.dataset.about = line;
  field.dir = 'auto';
  field.rows = 2;
  field.value = text;
  // Makes Ctrl Enter send all comments.
  field.setAttribute('form', 'remarks');
  field.oninput = () => saveComment(comment, field.value);
  field.onblur = () => field.value.trim() || remark.remove();
  label.append(field);
  cell.append(label);
  row.after(remark);
  return field;
}

addEventListener('click', ({ target }) => {
  if (target.dataset?.as) {
    store('as', target.dataset.as);
    redraw();
  }
  const row = target.closest?.('.patch tr');
  if (!row || target.closest('.remark') || !getSelection().isCollapsed) return;
  const near = target.closest('td');
  const number = near.matches('.code') ? near.previousElementSibling : near;
  const button = $('button', number) ?? (near.matches('.none') ? null : $('button', row));
  if (!button) return;
  const table = row.closest('table');
  const comment = { file: table.dataset.file, line: Number(button.dataset.line), quote: quoteOf(button) };
  fieldFor(table, comment).focus();
});

// A file of the tree: the link scrolls there, and again once its diff has its height.
addEventListener('click', async ({ target }) => {
  const link = target.closest?.('.tree a');
  if (!link) return;
  const file = document.getElementById(link.getAttribute('href').slice(1));
  const summary = $('summary', file);
  if (!summary) return;
  file.open = true;
  summary.focus({ preventScroll: true });
  await load(summary);
  file.scrollIntoView({ block: 'start' });
});

// Adds the comments again to content that was reloaded.
addEventListener('filled', ({ target }) => {
  const all = Object.values(comments());
  const table = $('.patch', target);
  if (target.id === 'p-tab') {
    showLayout();
    showCount();
    for (const { file } of all) {
      const details = $(`details[data-file="${CSS.escape(file)}"]`, target);
      if (details && !details.open) {
        details.open = true;
        load($('summary', details));
      }
    }
  } else if (table) for (const each of all) if (each.file === table.dataset.file) fieldFor(table, each);
});

// The page resets a form after it was sent.
addEventListener('reset', ({ target }) => {
  if (target.id !== 'remarks') return;
  sessionStorage.removeItem(storageKey());
  for (const remark of document.querySelectorAll('.remark')) remark.remove();
  showCount();
});
