// The card in the chat: shows the results that the client gives it, and asks the client for more. MCP Apps, SEP-1865.
import { age } from '../../../core/kernel/durations.ts';
import { markupSum } from './markup-sum.ts';

const main = document.querySelector('main');
const state = document.querySelector('#state');
const requests = new Map();
let lastId = 0;
let canCall = false;

/** The client's address is not known in its sandbox; what is sent is what it gave. */
function send(message) {
  parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
}

function ask(method, params) {
  lastId += 1;
  const id = lastId;
  send({ id, method, params });
  return new Promise((resolve, reject) => requests.set(id, { resolve, reject }));
}

const NOTICES = {
  'ui/notifications/tool-result': show,
  'ui/notifications/tool-cancelled': () => say('The call was cancelled.'),
  'ui/notifications/host-context-changed': adopt,
};
const ANSWERED = ['ping', 'ui/resource-teardown'];

addEventListener('message', ({ source, data }) => {
  if (source !== parent || data?.jsonrpc !== '2.0') return;
  const { id, method, params = {}, result, error } = data;
  if (method === undefined) {
    const { resolve, reject } = requests.get(id) ?? {};
    requests.delete(id);
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  } else if (id === undefined) {
    if (Object.hasOwn(NOTICES, method)) NOTICES[method](params);
  } else if (ANSWERED.includes(method)) send({ id, result: {} });
  else send({ id, error: { code: -32601, message: `The card has no ${method}.` } });
});

function say(words) {
  state.textContent = words;
}

// The client's choice, whatever the system's is.
function adopt({ theme }) {
  if (theme === 'light' || theme === 'dark') document.documentElement.style.colorScheme = theme;
}

function show(result) {
  const made = madeOf(Object(result));
  const summary = document.createElement('p');
  summary.className = 'sentence';
  summary.dir = 'auto';
  summary.textContent = summaryOf(Object(result));
  place(made ?? summary);
  say('');
}

function place(content) {
  main.replaceChildren(content);
  updateAges();
}

/** What the server made of a result; undefined for a result without it, or one that the client has changed. */
function madeOf({ _meta, structuredContent, content = [], isError }) {
  const { markup, sum } = Object(_meta?.['samocode/inbox']);
  const texts = Array.isArray(content) ? content.map((each) => parsed(each?.text) ?? null) : [null];
  const forms = structuredContent === undefined ? texts : [structuredContent, ...texts];
  const isAsMade = (fields) => markupSum({ version: __VERSION__, fields, markup }) === sum;
  return markup && !isError && forms.length > 0 && forms.every(isAsMade) ? pressable(markup) : undefined;
}

/** Without buttons where the client lets the card call no tool. */
function pressable(markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const buttons = canCall ? [] : template.content.querySelectorAll('[data-call]');
  for (const button of buttons) {
    const text = document.createElement('span');
    text.className = button.className;
    text.append(...button.childNodes);
    if (button.matches('.row')) button.replaceWith(text);
    else button.remove();
  }
  return template.content;
}

/** The text of our results is the same object; that of an error has a message. A client may put its own words there. */
function summaryOf({ structuredContent, content }) {
  const text = Object(content)[0]?.text;
  const { summary, message } = Object(structuredContent ?? parsed(text));
  return (
    [summary, message, text].find((words) => typeof words === 'string') ?? 'This result cannot be shown here.'
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function updateAges() {
  for (const time of document.querySelectorAll('time[data-since]'))
    time.textContent = age(Date.now() - Date.parse(time.dataset.since));
}
setInterval(updateAges, 10_000);

async function call({ name, arguments: args }) {
  if (main.ariaBusy === 'true') return;
  main.ariaBusy = 'true';
  const isReading = /^read_|^get_|^list_/.test(name);
  say(isReading ? 'Reading …' : 'The form is open in the chat.');
  try {
    const result = await ask('tools/call', { name, arguments: args });
    const read = isReading ? result : await ask('tools/call', { name: 'get_status', arguments: args });
    const made = madeOf(Object(read));
    // Without it, the card keeps its buttons.
    if (made) place(made);
    say(made && isReading ? '' : summaryOf(Object(result)));
    document.querySelector('h1')?.focus();
  } catch (error) {
    say(error.message);
  }
  main.ariaBusy = 'false';
}

addEventListener('click', (event) => {
  const button = event.target.closest('[data-call]');
  if (button) return call(JSON.parse(button.dataset.call));
  const link = event.target.closest('a[href]');
  if (!link) return;
  event.preventDefault();
  const closed = () => say(`The chat does not open links: ${link.href}`);
  ask('ui/open-link', { url: link.href }).then(({ isError }) => isError && closed(), closed);
});

async function begin() {
  const { hostCapabilities = {}, hostContext = {} } = await ask('ui/initialize', {
    appInfo: { name: 'samocode', version: __VERSION__ },
    appCapabilities: { availableDisplayModes: ['inline', 'fullscreen'] },
    protocolVersion: '2026-01-26',
  });
  canCall = hostCapabilities.serverTools !== undefined;
  adopt(hostContext);
  send({ method: 'ui/notifications/initialized' });
  new ResizeObserver(() => {
    const { height } = document.documentElement.getBoundingClientRect();
    send({
      method: 'ui/notifications/size-changed',
      params: { width: innerWidth, height: Math.ceil(height) },
    });
  }).observe(document.documentElement);
}
begin().catch((error) => say(error.message));
