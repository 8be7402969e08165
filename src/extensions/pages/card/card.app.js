// The card in the chat: shows the results that the client gives it, and asks the client for more. MCP Apps, SEP-1865.
import { age } from '../../../core/kernel/durations.ts';
import { readPlaces } from './card-data.ts';
import { resultPage } from './result-page.ts';

const main = document.querySelector('main');
const state = document.querySelector('#state');
const requests = new Map();
let lastId = 0;
const around = { args: {}, canCall: false, hasForms: false };

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
  'ui/notifications/tool-input': ({ arguments: args }) => Object.assign(around, { args: Object(args) }),
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
const dark = [...document.styleSheets[0].cssRules].find((rule) => /dark/.test(rule.media?.mediaText));
function adopt({ theme }) {
  if (theme !== 'light' && theme !== 'dark') return;
  dark.media.mediaText = theme === 'dark' ? 'screen' : 'not all';
  document.documentElement.style.colorScheme = theme;
}

function show(result) {
  try {
    const { structuredContent, content = [], _meta } = Object(result);
    const places = _meta?.['samocode/inbox'];
    if (places) Object.assign(around, readPlaces(places));
    const fields = structuredContent ?? fieldsIn(content.find((each) => each?.type === 'text')?.text ?? '');
    const template = document.createElement('template');
    template.innerHTML = resultPage(fields, around).text;
    main.replaceChildren(template.content);
    say('');
    tick();
  } catch {
    say('This result cannot be shown here.');
  }
}

/** The text of our results is the same object; that of an error has a message. A client may put its own words there. */
function fieldsIn(text) {
  try {
    const fields = JSON.parse(text);
    return { summary: fields.message, ...fields };
  } catch {
    return { summary: text };
  }
}

function tick() {
  for (const time of document.querySelectorAll('time[data-since]'))
    time.textContent = age(Date.now() - Date.parse(time.dataset.since));
}
setInterval(tick, 10_000);

async function call({ name, arguments: args }) {
  if (main.ariaBusy === 'true') return;
  main.ariaBusy = 'true';
  say(/^read_|^get_|^list_/.test(name) ? 'Reading …' : 'The form is open in the chat.');
  try {
    const result = await ask('tools/call', { name, arguments: args });
    around.args = args;
    show(result);
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
  around.canCall = hostCapabilities.serverTools !== undefined;
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
