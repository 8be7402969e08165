// Acts. A form names its act. Each act leaves a receipt outside of everything that is replaced: sent, recorded or not
// recorded, until the person dismisses it.
function fieldsOf(form, button) {
  const fields = {};
  for (const [name, value] of new FormData(form, button)) {
    if (name in fields) fields[name] = [fields[name], value].flat();
    else fields[name] = value;
  }
  return fields;
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
/** The acts whose answers this tab still waits for, each with what ends its request. */
const underWay = new Map();

/** Ends an act that only reads. */
function endButton(id) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'End it';
  button.onclick = () => underWay.get(id)?.abort();
  return button;
}

async function send(event) {
  const form = event.target;
  if (form.method === 'dialog') return;
  event.preventDefault();
  if (form.hasAttribute('aria-busy')) return;
  if (isTooSoon()) return say(MESSAGES.soon);
  const { act } = form.dataset;
  const button = event.submitter ?? $('button:not([type=button])', form);
  if (act === 'answer' && !button?.value && !isWritten(form)) return say(MESSAGES.empty);
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
  if (act !== 'preview') addReceipt({ id, key, act, words, name: nameNow(), draft });
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
  output.className = isPreview ? '' : ({ recorded: 'good', sent: '' }[state] ?? 'bad');
  changeReceipt(id, { state, text: output.textContent.trim() });
  if (!answer.ok || isPreview) return $('h3', output)?.focus();
  if (state === 'recorded') dropDraft(key, form.dataset.act, draft);
  if (keyNow() !== key) return;
  const place = answer.headers.get('x-open');
  if (place) location.hash = `#${place}`;
  else if (isInbox(view.path) && !['message', 'services'].includes(form.dataset.act)) toNext();
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

// Receipts, kept in the tab: `{ id, key, act, words, name, state, text }`.
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

function addReceipt(receipt) {
  keepReceipts([...receipts(), { ...receipt, state: 'sending', text: '' }]);
}

function changeReceipt(id, changes) {
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
  link.href = key === 'new' ? '#/board' : `#/s/${key}`;
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

function showReceipts() {
  const all = receipts();
  const place = $('#receipts');
  place.hidden = all.length === 0;
  $('ul', place).replaceChildren(...all.toReversed().map(receiptLine));
  const last = all.at(-1);
  const words = last ? `${STATES[last.state]}: ${last.words}, ${last.name}` : '';
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
    if (outcome.state === 'recorded') dropDraft(key, act, draft);
  }
}
setInterval(() => sessionStorage.getItem('key') && !view.isLost && settleReceipts(), 3000);

$('#dismiss').onclick = () => keepReceipts([]);
