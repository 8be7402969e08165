// What the person has written and not sent lies in the tab's storage, by session and form, until it is sent or deleted. So
// Esc, Back, a reload, another session and a server that ended lose nothing.
import { $, FIELDS, fragment, isChanged, keyOf, MESSAGES, nameNow, store } from './base.js';

const DRAFT = 'draft ';
const draftKey = (form) => `${DRAFT}${keyOf(form) ?? ''} ${form.dataset.act}`;
/** Identifies what the form asks; a draft for something else is not an answer to it. */
const askedBy = ({ elements }) => elements.hash?.value ?? elements.state?.value;

/** All drafts, and the comments on lines: `{ stored, key, name, text }`. */
export function drafts() {
  return Object.keys(sessionStorage).flatMap((stored) => {
    const [kind, key] = stored.split(' ');
    if (kind !== 'draft' && kind !== 'comments') return [];
    const kept = JSON.parse(sessionStorage.getItem(stored));
    const { name, fields } = kind === 'draft' ? kept : commentsAsDraft(Object.values(kept));
    return fields === undefined ? [] : { stored, key, name, text: Object.values(fields).flat().join(' ') };
  });
}

function commentsAsDraft([first, ...others]) {
  return first ? { name: first.name, fields: [first, ...others].map(({ text }) => text) } : {};
}

function saveDraft(form) {
  const fields = {};
  for (const field of form.querySelectorAll(FIELDS)) {
    if (field.name === '' || !isChanged(field)) continue;
    if (field.type === 'checkbox' || field.type === 'radio')
      fields[field.name] = [...(fields[field.name] ?? []), field.value];
    else fields[field.name] = field.value;
  }
  const isEmpty = Object.keys(fields).length === 0;
  if (isEmpty) sessionStorage.removeItem(draftKey(form));
  else store(draftKey(form), JSON.stringify({ name: nameNow(), asked: askedBy(form), fields }));
  showDrafts();
}

/** What a form would send, as it is kept. */
export const keptOf = (key, act) =>
  sessionStorage.getItem(act === 'review' ? `comments ${key}` : `${DRAFT}${key} ${act}`);

/**
 * Drops the draft of an act that was recorded, even if its answer was lost.
 * @param sent the draft as it was sent: what was written after that stays
 */
export function dropDraft(key, act, sent) {
  if (keptOf(key, act) !== (sent ?? null)) return;
  sessionStorage.removeItem(act === 'review' ? `comments ${key}` : `${DRAFT}${key} ${act}`);
  for (const form of document.querySelectorAll(`form[data-act="${act}"]`))
    if (keyOf(form) === key) form.reset();
  showDrafts();
}

/** Fills the forms of a part that was made anew. A comment whose step is gone is put into the general field. */
export function restoreDrafts(place) {
  for (const form of place.querySelectorAll('form[data-act]')) {
    const stored = sessionStorage.getItem(draftKey(form));
    if (stored) fill(form, JSON.parse(stored));
  }
}

function fill(form, { fields, asked }) {
  const isEarlier = asked !== askedBy(form);
  if (isEarlier) form.prepend(fragment(`<p class="attention">${MESSAGES.earlier}</p>`));
  const fieldsOfName = (name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  // Those without a field come last, because they are added to what the general field has.
  const inOrder = Object.entries(fields).sort(
    ([a], [b]) => Number(fieldsOfName(b).length > 0) - Number(fieldsOfName(a).length > 0),
  );
  for (const [name, value] of inOrder) {
    const found = fieldsOfName(name);
    if (Array.isArray(value))
      for (const each of found) each.checked = !isEarlier && value.includes(each.value);
    else if (found.length > 0) {
      found[0].value = value;
      found[0].dispatchEvent(new Event('change', { bubbles: true }));
    } else if (form.elements.feedback && !form.elements.feedback.value.includes(value))
      form.elements.feedback.value += `${form.elements.feedback.value ? '\n\n' : ''}On a former step: ${value}`;
    for (let part = found[0]?.parentElement; part && part !== form; part = part.parentElement)
      if (part.tagName === 'DETAILS') part.open = true;
  }
}

const placeOf = ({ key }) => (key === 'new' ? '/new' : `/s/${key}`);

/** Says above the list what is unsent; the list says it in its rows. */
export function showDrafts() {
  const { length } = drafts();
  const button = $('#drafts');
  button.hidden = length === 0;
  button.textContent = `Unsent ${length}`;
  dispatchEvent(new Event('drafts'));
}

/** @returns a list of all drafts as elements: links, where the page has its key */
export function draftList(hasLinks) {
  const list = document.createElement('ul');
  for (const each of drafts()) {
    const line = document.createElement('li');
    const name = document.createElement(hasLinks ? 'a' : 'b');
    name.textContent = each.name || each.key;
    if (hasLinks) name.href = `#${placeOf(each)}`;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Delete';
    button.ariaLabel = `Delete what you wrote for ${each.name}`;
    button.onclick = () => {
      sessionStorage.removeItem(each.stored);
      line.remove();
      showDrafts();
    };
    line.append(name, `: ${each.text} `, button);
    line.dir = 'auto';
    list.append(line);
  }
  return list;
}

$('#drafts').onclick = () => {
  $('#unsent div').replaceChildren(draftList(true));
  $('#unsent').showModal();
};
$('#unsent').onclick = ({ target }) => target.tagName === 'A' && $('#unsent').close();
addEventListener(
  'input',
  ({ target }) => target.form?.dataset.act && target.form.id !== 'remarks' && saveDraft(target.form),
);
