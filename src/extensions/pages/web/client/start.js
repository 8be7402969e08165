// The form that starts a session: its focus, and the choices of the last start.
import { $ } from './base.js';

const LAST_START = 'last-start';
const KEPT = ['project', 'provider', 'model', 'maxCostUsd', 'maxHours', 'maxIterations', 'maxTokens'];

addEventListener('filled', ({ target }) => {
  const form = $('form.start', target);
  if (!form) return;
  offerLastChoices(form);
  showOrder(form);
  // Only once: after a lost connection the form is filled again, and the person may be elsewhere in it.
  if (!target.dataset.opened) $('textarea', form).focus();
  target.dataset.opened = 'yes';
});

/** As defaults, so that they replace nothing that the person has written. */
function offerLastChoices({ elements }) {
  const choices = JSON.parse(localStorage.getItem(LAST_START) ?? '{}');
  for (const [name, value] of Object.entries(choices)) {
    const option = [...(elements[name].options ?? [])].find((each) => each.value === value);
    if (option) option.defaultSelected = true;
    else elements[name].defaultValue = value;
  }
}

/** A session can follow only sessions of the same project. */
function showOrder({ elements: { project, after } }) {
  for (const group of after.querySelectorAll('optgroup'))
    group.hidden = group.disabled = group.dataset.project !== project.value;
  if (after.selectedOptions[0]?.parentElement.disabled) after.value = '';
}
addEventListener('change', ({ target }) => target.matches('.start [name=project]') && showOrder(target.form));

// The page resets a form after it was sent.
addEventListener('reset', ({ target }) => {
  if (!target.matches('.start')) return;
  const choices = KEPT.map((name) => [name, target.elements[name].value]);
  localStorage.setItem(LAST_START, JSON.stringify(Object.fromEntries(choices)));
});
