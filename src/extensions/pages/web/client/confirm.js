// A person confirms a tab once, with digits that only a terminal shows, before it does what a person alone may do. What the
// server gives for them stays in memory: a reload asks again, and other tabs and programs do not find it.
import { $, call, MESSAGES, setConfirmed } from './base.js';

const confirmation = $('#confirm');
const digits = $('input', confirmation);

function sayWrong(words) {
  $('#confirm-wrong').textContent = words;
  digits.ariaInvalid = String(words !== '');
}

/** @returns the answer to the act, sent again from the confirmed tab; otherwise why it was not */
export async function confirmAnd(sendAgain, refusal) {
  const asked = await call('/confirm', { method: 'POST', body: '{}' });
  if (!asked.ok) return asked;
  digits.value = '';
  sayWrong('');
  confirmation.returnValue = '';
  confirmation.showModal();
  await new Promise((resolve) => confirmation.addEventListener('close', resolve, { once: true }));
  return confirmation.returnValue ? await sendAgain() : refusal;
}

$('[type=button]', confirmation).onclick = () => confirmation.close();

// Runs before the page's own forms, which are acts.
addEventListener(
  'submit',
  async (event) => {
    if (!confirmation.contains(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      const body = JSON.stringify({ digits: digits.value });
      const answer = await call('/confirm', { method: 'POST', body });
      const text = await answer.text();
      if (!answer.ok) return sayWrong(text);
      setConfirmed(text);
      confirmation.close('confirmed');
    } catch {
      sayWrong(MESSAGES.unreachable);
    } finally {
      digits.select();
    }
  },
  true,
);
