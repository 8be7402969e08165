// Receipts, kept in the tab: `{ id, key, act, words, name, state, text }`.
import { $, call, MESSAGES, store } from './base.js';
import { dropDraft } from './drafts.js';
import { release } from './patch.js';
import { view } from './stream.js';

/** The acts whose answers this tab still waits for, each with what ends its request. */
export const underWay = new Map();

/** Ends an act that only reads. */
export function endButton(id) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'End it';
  button.onclick = () => underWay.get(id)?.abort();
  return button;
}

const STATES = {
  sending: 'Sending',
  sent: 'Sent',
  recorded: 'Recorded',
  failed: 'Not recorded',
  unknown: 'Not known yet',
  gone: 'Not known',
};
const receipts = () => JSON.parse(sessionStorage.getItem('receipts') ?? '[]');

const MOST_RECEIPTS = 50;
const RECEIPT_CHARS = 500;

function keepReceipts(all) {
  const text = JSON.stringify(all.slice(-MOST_RECEIPTS));
  if (text === sessionStorage.getItem('receipts')) return;
  store('receipts', text);
  showReceipts();
}

export function addReceipt(receipt) {
  keepReceipts([...receipts(), { ...receipt, state: 'sending', text: '' }]);
}

export function changeReceipt(id, changes) {
  keepReceipts(
    receipts().map((each) =>
      each.id === id ? { ...each, ...changes, text: changes.text.slice(0, RECEIPT_CHARS) } : each,
    ),
  );
}

function receiptLine({ id, key, act, name, words, state: how, text }) {
  const line = document.createElement('li');
  line.className = how;
  const mark = document.createElement('b');
  mark.textContent = STATES[how];
  const link = document.createElement('a');
  link.textContent = name;
  link.href = key === 'new' ? '#/' : `#/s/${key}`;
  const isEndable = act === 'verify' && how === 'sending';
  const button = isEndable ? endButton(id) : document.createElement('button');
  if (!isEndable) {
    button.textContent = 'Dismiss';
    button.onclick = () => keepReceipts(receipts().filter((each) => each.id !== id));
  }
  button.ariaLabel = `${button.textContent}: ${words}, ${name}`;
  line.append(mark, ` ${words} · `, link, text ? `: ${text} ` : ' ', button);
  return line;
}

export function showReceipts() {
  const all = receipts();
  const place = $('#receipts');
  place.hidden = all.length === 0;
  $('ul', place).replaceChildren(...all.toReversed().map(receiptLine));
  const last = all.at(-1);
  const why = ['failed', 'unknown'].includes(last?.state) && last.text ? `: ${last.text}` : '';
  const words = last ? `${STATES[last.state]}: ${last.words}, ${last.name}${why}` : '';
  if ($('#last').textContent !== words) $('#last').textContent = words;
  const count = (state) => all.filter((each) => each.state === state).length;
  place.classList.toggle('failed', count('failed') + count('unknown') > 0);
  const parts = ['failed', 'unknown']
    .filter(count)
    .map((how) => `${count(how)} ${STATES[how].toLowerCase()}`);
  $('#how-many').textContent = [all.length, ...parts].join(', ');
}

/** Asks what became of the acts whose answers were lost or are not final: the log of the session knows. */
async function settleReceipts() {
  for (const { id, key, act, state: how, draft } of receipts()) {
    if (underWay.has(id) || !['sending', 'sent', 'unknown'].includes(how)) continue;
    if (key === 'new' || act === 'verify') {
      const text = act === 'verify' ? 'The connection was lost.' : MESSAGES.started;
      changeReceipt(id, { state: 'gone', text });
      continue;
    }
    const answer = await call(`/s/${key}/outcome/${id}`).catch(() => undefined);
    if (!answer?.ok) continue;
    const outcome = await answer.json();
    changeReceipt(id, outcome);
    if (outcome.state !== 'recorded') continue;
    dropDraft(key, act, draft);
    release();
  }
}
addEventListener('connected', settleReceipts);
setInterval(() => sessionStorage.getItem('key') && !view.isLost && settleReceipts(), 3000);

$('#dismiss').onclick = () => keepReceipts([]);
