import { rm } from 'node:fs/promises';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { type Connection, connect } from '../../../support/mcp-client.ts';
import { reportedSession } from '../../../support/report-session.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { PAYLOADS } from '../unit/report/payloads.ts';
import { browserOfFile, holds } from './browser.ts';
import { APPS, CARD_URI, type ChatHost, openChat } from './chat-host.ts';

const browser = browserOfFile();

const says = (words: string) => `document.body.innerText.includes(${JSON.stringify(words)})`;
const HEIGHT = 'Math.ceil(document.documentElement.getBoundingClientRect().height)';

/** The built server with a client that shows apps. @param person fills in its forms; without it, it has none */
async function parentOf(
  { path: cwd, env }: SessionRig['repo'],
  person?: (fields: Record<string, { enum?: string[] }>) => Record<string, string>,
): Promise<Connection> {
  const capabilities = { ...APPS, ...(person && { elicitation: { form: {} } }) };
  const parent = await connect({ cwd, env, capabilities });
  if (person)
    parent.client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: 'accept',
      content: person(Object(params).requestedSchema.properties),
    }));
  return parent;
}

/** A session that asks, as its files show it: no process works on it. */
async function resting(also = '') {
  const { project, folder, paths } = await reportedSession({ iterations: 10, also, ends: 'waiting' });
  const parent = await parentOf(project.repo);
  return {
    ...{ parent, project, folder, paths },
    async [Symbol.asyncDispose]() {
      await parent[Symbol.asyncDispose]();
      await project.repo[Symbol.asyncDispose]();
    },
  };
}

/** The button with these words, pressed by keyboard. */
async function press({ card, shows }: ChatHost, words: string): Promise<void> {
  await shows(
    `[...document.querySelectorAll('button')].some((each) => each.textContent === ${JSON.stringify(words)})`,
  );
  await card.locator(`button:text-is(${JSON.stringify(words)})`).press('Enter');
}

/** The host has been told the height that the card has, and nothing is wider than it. */
async function fits({ page, card }: ChatHost): Promise<void> {
  for (const width of [320, 900]) {
    await page.setViewportSize({ width, height: 800 });
    await holds(card, `innerWidth === ${width} && document.documentElement.scrollWidth <= ${width}`);
    const height = await card.evaluate<number>(HEIGHT);
    await holds(page, `told('ui/notifications/size-changed').at(-1).params.height === ${height}`);
    expect(await page.evaluate('frame.clientHeight')).toBe(height);
  }
}

test('a person goes from the card to questions and plan, and decides in the forms of the chat', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using web = await serveWeb(rig.context('cli'));
  await using parent = await parentOf(rig.repo, (fields) =>
    Object.fromEntries(
      Object.entries(fields).flatMap(([name, field]) => {
        const [first = ''] = field.enum ?? [];
        return field.enum ? [[name, name === 'decision' ? 'approve' : first]] : [];
      }),
    ),
  );
  await using chat = await openChat(browser, parent);
  const { folder } = rig.file;
  await chat.call('list_sessions');
  await chat.shows(
    `/^Answer 3 questions · .+\\d s$/s.test(document.querySelector('[aria-label="Needs you"] .row .about')?.innerText + document.querySelector('.row time').innerText)`,
  );
  await fits(chat);
  await chat.shows(`document.querySelector('.row .about').innerText.includes('${folder}')`);
  await chat.card.locator('.row').press('Enter');
  await chat.shows(says('Waits for answers to its questions'));
  await chat.shows(`document.activeElement === document.querySelector('h1')`);
  await fits(chat);
  await press(chat, 'Its questions');
  await chat.shows(`document.querySelectorAll('.qa.open').length === 3`);
  await fits(chat);
  await press(chat, 'Answer in a form');
  await rig.untilWaiting('plan_approval');
  await press(chat, 'Refresh');
  await press(chat, 'Its plan');
  await chat.shows(`document.querySelectorAll('.md li.task').length > 3`);
  await fits(chat);
  await press(chat, 'Decide in a form');
  await rig.until(({ approvedPlan }) => approvedPlan !== undefined);
  const decided = (await rig.events()).filter(({ type }) =>
    /^(?:answers_recorded|plan_approved)$/.test(type),
  );
  expect(decided.map((event) => Object(event).by.channel)).toEqual(['elicitation', 'elicitation']);
  expect(web.failures).toEqual([]);
});

test('where the client has no forms, a button leads to the page without its key, and a call from the card decides nothing', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using parent = await parentOf(rig.repo);
  await using chat = await openChat(browser, parent);
  const session = rig.file.folder;
  const refusedAs = async (name: string) => {
    const { isError, content } = await chat.call(name, { session });
    return isError && JSON.parse(Object(content[0]).text).code;
  };
  await chat.call('read_qa', { session });
  await chat.shows(says('To decide: samocode web --open'));
  expect(await refusedAs('answer_qa')).toBe('no_answer_given');
  await chat.shows(`!document.querySelector('.qa')`);
  await using web = await serveWeb(rig.context('cli'));
  await chat.call('read_qa', { session });
  await chat.shows(`document.querySelector('a.button') !== null`);
  await chat.card.locator('a.button').press('Enter');
  await holds(chat.page, `told('ui/open-link').length === 1`);
  const url = await chat.page.evaluate<string>(`told('ui/open-link')[0].params.url`);
  expect(url).toMatch(new RegExp(`^${web.served.address}#/s/[0-9a-f]{12}$`));
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  expect(await refusedAs('approve_plan')).toBe('plan_hash_missing');
  expect(JSON.stringify(await chat.page.evaluate('heard'))).not.toContain(await web.key());
  const events = await rig.events();
  expect(events.filter(({ type }) => type === 'plan_approved')).toEqual([]);
  expect(events.filter(({ type }) => type === 'answers_recorded')).toMatchObject([
    { by: { channel: 'cli' } },
  ]);
});

test('a client that opens no link and calls no tool for the card still shows all of a result, and the address as text', async () => {
  await using seen = await resting();
  await using web = await serveWeb(seen.project.context);
  await using chat = await openChat(browser, seen.parent, 'mute&closed');
  await chat.call('read_qa', { session: seen.folder });
  await chat.shows(`document.querySelector('.qa.open') !== null && !document.querySelector('button')`);
  await chat.card.locator('a.button').click();
  await chat.shows(says(`The chat does not open links: ${web.served.address}#/s/`));
});

interface Given {
  content?: unknown[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  _meta?: object;
}
const metaOf = ({ _meta }: Given): { markup: string; sum: string } => Object(_meta)['samocode/inbox'];
const withMeta = (result: Given, meta: object) => ({ ...result, _meta: { 'samocode/inbox': meta } });
const text = (words: string) => ({ type: 'text', text: words });

/** What a client can make of a result before the card gets it. */
const CHANGES: Readonly<Record<string, (result: Given, other: Given) => Given>> = {
  'another field': (result) => ({
    ...result,
    structuredContent: { ...result.structuredContent, spent: '$0' },
  }),
  'a field less': (result) => ({
    ...result,
    structuredContent: { ...result.structuredContent, spent: undefined },
  }),
  'another text': (result) => ({ ...result, content: [text('Forged')] }),
  'a text that is cut': (result) => ({
    content: [text(JSON.stringify(result.structuredContent).slice(0, 90))],
    _meta: result._meta,
  }),
  'a text more': (result) => ({ ...result, content: [...(result.content ?? []), text('{}')] }),
  'content of another kind': (result) => ({ ...result, content: [null, { type: 'image' }] }),
  'the text of another result': (result, { content }) => ({ ...result, content }),
  'the markup of another result': (result, { _meta }) => ({ ...result, _meta }),
  'the markup alone': ({ _meta }) => ({ _meta }),
  'an error': (result) => ({ ...result, isError: true }),
  'another markup': (result) => withMeta(result, { ...metaOf(result), markup: '<h1>Forged</h1>' }),
  'markup that was cleaned': (result) =>
    withMeta(result, { ...metaOf(result), markup: metaOf(result).markup.replaceAll(' dir="auto"', '') }),
  'no sum': (result) => withMeta(result, { markup: metaOf(result).markup }),
  'no markup': ({ _meta, ...result }) => result,
  'what an older version added': (result) =>
    withMeta(result, { hasForms: true, page: 'http://127.0.0.1:1/', sessions: [] }),
};

/** What clients do without changing it. */
const KEPT: Readonly<Record<string, (result: Given) => Given>> = {
  'the fields in another order': ({ structuredContent = {}, ...result }) => ({
    ...result,
    structuredContent: Object.fromEntries(Object.entries(structuredContent).reverse()),
  }),
  'the text alone': ({ structuredContent: _, ...result }) => result,
  'the fields alone': ({ content: _, ...result }) => result,
};

test('the card shows what the server made of a result, and of a result that its client has changed the summary as text', async () => {
  await using seen = await resting();
  await using chat = await openChat(browser, seen.parent);
  const call = async (name: string, args: object) =>
    (await seen.parent.client.callTool({ name, arguments: { ...args } })) as Given;
  const result = await call('get_status', { session: seen.folder });
  const other = await call('list_sessions', {});
  const give = async (given: Given) => await chat.page.evaluate(`give({}, ${JSON.stringify(given)})`);
  for (const [what, keep] of Object.entries(KEPT)) {
    await give(other);
    await chat.shows(`document.querySelector('h1')?.innerText === 'Sessions'`);
    await give(keep(result));
    await chat.shows(`document.querySelector('.phases') !== null`);
    expect([what, await chat.card.locator('button').count()]).not.toEqual([what, 0]);
  }
  for (const [what, change] of Object.entries(CHANGES)) {
    await give(result);
    await chat.shows(`document.querySelector('.phases') !== null`);
    await give(change(result, other));
    await chat.shows(`document.querySelector('.phases') === null`);
    expect([what, await chat.card.locator('main > :not(p:only-child), main button').count()]).toEqual([
      what,
      0,
    ]);
    expect([what, await chat.card.evaluate(`document.querySelector('main').innerText`)]).not.toEqual([
      what,
      '',
    ]);
  }
  await give(result);
  for (const gone of [seen.paths.sessionDir, seen.paths.runDir])
    await rm(gone, { recursive: true, force: true });
  await press(chat, 'Its questions');
  await chat.shows(`document.querySelector('#state').innerText.includes('${seen.folder}')`);
  expect(await chat.card.locator('button:text-is("Refresh")').count()).toBe(1);
});

test('what an agent wrote runs nothing and asks no server in the card', async () => {
  const also = PAYLOADS.filter((payload) => !/[\0\ud800]/.test(payload)).join(' ');
  await using seen = await resting(also);
  await using chat = await openChat(browser, seen.parent);
  const title = await chat.page.title();
  for (const name of ['list_sessions', 'get_status', 'read_qa', 'read_plan']) {
    const result = await chat.call(name, name === 'list_sessions' ? {} : { session: seen.folder });
    expect(result.isError, name).toBeFalsy();
    await chat.shows(`document.querySelector('h1').innerText !== ''`);
    await chat.card.evaluate(
      "for (const each of document.querySelectorAll('[autofocus], summary, details, p, li')) { each.open = true; each.focus(); each.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })); }",
    );
    const foreign = 'main :is(iframe, script, base, link, form, img, object, [onload], [onerror], [onfocus])';
    expect([name, await chat.card.locator(foreign).count()]).toEqual([name, 0]);
    await fits(chat);
  }
  expect([await chat.page.title(), await chat.card.evaluate('document.title')]).toEqual([title, 'samocode']);
});

test('the card takes light and dark from its client, whatever the system has, and follows a change', async () => {
  await using seen = await resting();
  await using dark = await openChat(browser, seen.parent, 'theme=dark');
  const background = 'getComputedStyle(document.body).backgroundColor';
  expect(await dark.card.evaluate(background)).toBe('rgb(20, 22, 26)');
  await dark.page.evaluate(
    `send({ method: 'ui/notifications/host-context-changed', params: { theme: 'light' } })`,
  );
  await dark.shows(`${background} === 'rgb(251, 251, 250)'`);
});

test('the card answers what the protocol has a host ask, and hears only its host', async () => {
  await using seen = await resting();
  await using chat = await openChat(browser, seen.parent);
  await chat.call('list_sessions');
  await chat.shows(`document.querySelector('.row') !== null`);
  await chat.card.evaluate(
    `postMessage({ jsonrpc: '2.0', method: 'ui/notifications/tool-result', params: { structuredContent: { summary: 'forged' } } }, '*')`,
  );
  for (const [id, method] of [
    ['a', 'ping'],
    ['b', 'ui/resource-teardown'],
    ['c', 'tools/list'],
  ])
    await chat.page.evaluate(`send({ id: '${id}', method: '${method}', params: {} })`);
  await holds(chat.page, `heard.filter(({ id, method }) => 'abc'.includes(id) && !method).length === 3`);
  expect(await chat.card.evaluate(says('forged'))).toBe(false);
  await chat.page.evaluate(`send({ method: 'ui/notifications/tool-cancelled', params: {} })`);
  await chat.shows(says('The call was cancelled.'));
  const { contents } = await seen.parent.client.readResource({ uri: CARD_URI });
  expect(contents).toMatchObject([
    {
      uri: CARD_URI,
      mimeType: 'text/html;profile=mcp-app',
      _meta: { ui: { csp: { connectDomains: [], resourceDomains: [] }, prefersBorder: true } },
    },
  ]);
});
