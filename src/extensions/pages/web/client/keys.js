// Keys. None decides alone: it moves, or puts the focus on what decides. A held key, and a key within half a second after
// the item changed, decide nothing.
import { $, isTooSoon, isWritten, MESSAGES, say } from './base.js';
import { skip, step } from './list.js';

function unfold(key) {
  const details = $(`details[data-key="${key}"]`);
  if (!details) return;
  details.open = true;
  $('textarea, input:not([type=hidden]), button', details)?.focus();
}
/** Puts the focus on the first that is there: elements, and the first of each selector. */
function focusOn(...places) {
  for (const each of places) {
    const found = typeof each === 'string' ? $(each) : each;
    if (!found) continue;
    found.focus();
    found.scrollIntoView({ block: 'nearest' });
    return;
  }
}
const toPlace = (place) => () => {
  location.hash = `#${place}`;
};
/** A field of the first question that has no answer yet. */
function inOpenQuestion(fields) {
  const open = [...document.querySelectorAll('.gate fieldset.qa')].find((each) => !isWritten(each));
  return open && $(fields, open);
}
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => focusOn('#find'),
  i: toPlace('/'),
  b: toPlace('/'),
  n: toPlace('/new'),
  x: () => skip(),
  a: () =>
    focusOn(
      '#held button',
      'output form .primary',
      '.gate [value=approve]',
      inOpenQuestion('input, textarea'),
      '.gate [name=note]',
      '.gate button',
      '[data-keeps] a',
    ),
  c: () =>
    focusOn(
      'fieldset.qa:focus-within textarea',
      inOpenQuestion('textarea'),
      '.gate [name=feedback]',
      '.gate [name=note]',
      '.gate textarea',
    ),
  '?': () => $('#keys').showModal(),
};
for (const key of ['m', 'v', 's']) KEYS[key] = () => unfold(key);
KEYS.f = () => ($('.gate [data-act=preview]') ? focusOn('.gate [data-act=preview] button') : unfold('f'));
KEYS.r = () => ($('.gate [data-act=resume]') ? focusOn('.gate [data-act=resume] textarea') : unfold('r'));

const areKeysOn = () => localStorage.getItem('keys') !== 'off';

/** The letter or digit that was pressed; by the place of its key where the layout has others. */
const pressedKey = ({ key, code }) =>
  /^(?:Key[A-Z]|Digit\d)$/.test(code) && key > '\u024f' ? code.at(-1).toLowerCase() : key;

/** Chooses an option of the focused question by its number, then focuses the next question. */
function choose(field, number) {
  const option = field?.querySelectorAll('.option input')[number - 1];
  if (!option) return;
  if (isTooSoon()) return say(MESSAGES.soon);
  option.click();
  option.focus();
  const next = field.nextElementSibling;
  if (option.type === 'radio' && next?.tagName === 'FIELDSET') $('input, textarea', next)?.focus();
}

addEventListener(
  'keydown',
  (event) => {
    const { target, key, repeat } = event;
    const decides =
      (key === 'Enter' || key === ' ') &&
      target.matches?.('form[data-act] *') &&
      !target.matches('textarea, summary');
    if (decides && (repeat || isTooSoon())) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  true,
);
addEventListener('keydown', (event) => {
  const { target } = event;
  if (event.isComposing) return;
  const key = pressedKey(event);
  const isTyping = target.matches?.('textarea, input:not([type=checkbox]):not([type=radio]), select');
  if (event.repeat && key !== 'j' && key !== 'k' && !isTyping) return;
  if (isTyping && key === 'Enter' && (event.ctrlKey || event.metaKey))
    return event.repeat ? undefined : target.form?.requestSubmit($('button[value=changes]', target.form));
  if (key === 'Escape' && !$('dialog[open]')) return document.activeElement.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || $('dialog[open]') || !areKeysOn()) return;
  if (/^[1-9]$/.test(key)) return choose(target.closest?.('fieldset.qa'), Number(key));
  if (Object.hasOwn(KEYS, key)) {
    event.preventDefault();
    KEYS[key]();
  }
});
$('#help').onclick = () => $('#keys').showModal();
const keySwitch = $('#single-keys');
keySwitch.checked = areKeysOn();
keySwitch.onchange = () => localStorage.setItem('keys', keySwitch.checked ? 'on' : 'off');
