// Acts. A form names its act. Each act leaves a receipt outside of everything that is replaced: sent, recorded or not
// recorded, until the person dismisses it.
import {
  $,
  call,
  contentOf,
  isTooSoon,
  isWritten,
  keyNow,
  keyOf,
  MESSAGES,
  markFresh,
  nameNow,
  say,
} from './base.js';
import { confirmAnd } from './confirm.js';
import { dropDraft, keptOf } from './drafts.js';
import { toNext } from './list.js';
import { release } from './patch.js';
import { addReceipt, changeReceipt, endButton, underWay } from './receipts.js';

function fieldsOf(form, button) {
  const fields = {};
  for (const [name, value] of new FormData(form, button)) {
    if (name in fields) fields[name] = [fields[name], value].flat();
    else fields[name] = value;
  }
  return fields;
}

function questionsOf(form) {
  const all = [...form.querySelectorAll('fieldset.qa')];
  return { all, open: all.filter((each) => !isWritten(each)) };
}

/** Names on its button how many answers a form sends. */
function countAnswers(form) {
  const { all, open } = questionsOf(form);
  const isHalf = open.length > 0 && open.length < all.length;
  const button = $('.primary', form);
  if (button)
    button.textContent = isHalf
      ? `Send ${all.length - open.length} of ${all.length} answers`
      : 'Send answers';
  if (form.isAsked) say('');
  form.isAsked = false;
}
addEventListener('filled', ({ target }) => {
  for (const form of target.querySelectorAll('form[data-act=answer]')) countAnswers(form);
});
addEventListener('input', ({ target }) => target.form?.dataset.act === 'answer' && countAnswers(target.form));

/** Says of a form that is half filled what stays open, once, and of an empty one that it is empty. @returns whether it did */
function asksFirst(form) {
  const { all, open } = questionsOf(form);
  if (open.length === 0 || form.isAsked) return false;
  form.isAsked = open.length < all.length;
  if (!form.isAsked) say(MESSAGES.empty);
  else {
    say(MESSAGES.half(open.map((each) => $('legend', each).textContent).join(', ')));
    // The second press of a double click is no answer to that.
    markFresh();
  }
  return true;
}

/** While an act is under way, its buttons are disabled and say why. */
function setBusy(form, words) {
  if (words === undefined) form.removeAttribute('aria-busy');
  else form.setAttribute('aria-busy', 'true');
  // The buttons around a preview, too, which would replace it.
  const around = form.parentElement?.closest('form') ?? form;
  for (const button of around.querySelectorAll('button')) {
    button.disabled = words !== undefined;
    button.title = words === undefined ? '' : `Disabled while this is under way: ${words}`;
  }
}

// Uses capture, because in Chromium the submit event of a nested form, as in a preview, does not bubble.
addEventListener('submit', send, true);
async function send(event) {
  const form = event.target;
  if (form.method === 'dialog') return;
  event.preventDefault();
  if (form.hasAttribute('aria-busy')) return;
  if (form.closest('[data-closed]')) return $('#held button')?.focus();
  if (isTooSoon()) return say(MESSAGES.soon);
  const { act } = form.dataset;
  const button = event.submitter ?? $('button:not([type=button])', form);
  if (act === 'answer' && !button?.value && asksFirst(form)) return;
  const words = button?.textContent ?? act;
  const key = keyOf(form);
  const id = newId();
  const draft = keptOf(key, act);
  const body = JSON.stringify({ ...fieldsOf(form, button), act: id });
  const output = $(':scope > output', form) ?? $('output', form);
  output.className = '';
  output.textContent = `${words.replace(/ …$/, '')} …`;
  setBusy(form, words);
  const request = new AbortController();
  underWay.set(id, request);
  if (act === 'verify') output.append(' ', endButton(id));
  if (act !== 'preview') {
    // A screen reader reads the receipt.
    output.setAttribute('aria-live', 'off');
    addReceipt({ id, key, act, words, name: nameNow(), draft });
  }
  try {
    const post = () =>
      call(act === 'start' ? '/start' : `/s/${key}/${act}`, { method: 'POST', body, signal: request.signal });
    let answer = await post();
    if (answer.headers.has('x-confirm')) answer = await confirmAnd(post, answer);
    await showAnswer(form, output, { answer, id, key, draft });
  } catch {
    const { aborted: isEnded } = request.signal;
    const text = isEnded ? MESSAGES.ended : MESSAGES.unreachable;
    output.className = 'bad';
    output.textContent = text;
    // A preview leaves no receipt.
    if (act !== 'preview' && !isEnded) output.append(' The receipt will say whether this was recorded.');
    changeReceipt(id, { state: isEnded ? 'failed' : 'unknown', text });
  }
  underWay.delete(id);
  setBusy(form);
  // A disabled button loses the focus; one whose act was not recorded gets it back.
  if (output.matches('.bad') && document.activeElement === document.body)
    button?.focus({ preventScroll: true });
  setTimeout(release, 0);
}

/** @param key of the session that the form is about; the person may be at another one by now */
async function showAnswer(form, output, { answer, id, key, draft }) {
  const content = await contentOf(answer);
  output.replaceChildren(content);
  // 202: left for a worker, and not done yet.
  const state =
    answer.status === 202 ? 'sent' : answer.ok ? 'recorded' : answer.status < 500 ? 'failed' : 'unknown';
  const isPreview = answer.ok && form.dataset.act === 'preview';
  output.className = isPreview ? '' : ({ recorded: 'good', sent: 'sent' }[state] ?? 'bad');
  changeReceipt(id, { state, text: output.textContent.trim() });
  if (!answer.ok || isPreview) return $('h3', output)?.focus();
  if (state === 'recorded') {
    dropDraft(key, form.dataset.act, draft);
    release();
  }
  if (keyNow() !== key) return;
  const place = answer.headers.get('x-open');
  if (place) location.hash = `#${place}`;
  else if (form.closest('.gate')) toNext();
}

/** A UUID of version 7, by which the server finds the act again. Made here, because only pages with TLS have randomUUID. */
function newId() {
  const hex = (number, digits) => number.toString(16).padStart(digits, '0');
  const random = [...crypto.getRandomValues(new Uint8Array(10))];
  random[0] = 0x70 | (random[0] & 0x0f);
  random[2] = 0x80 | (random[2] & 0x3f);
  const text = hex(Date.now(), 12) + random.map((each) => hex(each, 2)).join('');
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
