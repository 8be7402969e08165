import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { resultMarkup } from '../../../../../src/extensions/pages/card/result-markup.ts';
import { makeServerRig, type ServerRig } from '../../../../app/unit/server/server-rig.ts';
import {
  ASKING,
  BLOCKED,
  CREATED,
  DONE,
  PREPARED,
  writeEvents,
} from '../../../../core/unit/session/events.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { serveWeb } from '../../../../support/web-rig.ts';
import { addressesIn, skeletonOf } from '../../unit/report/page-skeleton.ts';
import { MARKDOWN_PAYLOADS, PAYLOADS } from '../../unit/report/payloads.ts';

let rig: ServerRig;
beforeAll(async () => {
  rig = await makeServerRig();
});
afterAll(async () => await rig[Symbol.asyncDispose]());

const SESSIONS: Readonly<Record<string, (also: string) => NewEvent[]>> = {
  '26-01-08-asks': () => [ASKING],
  '26-01-08-plans': () => [{ ...ASKING, for: 'plan_approval', openQuestions: [] } as NewEvent],
  '26-01-08-blocked': (also) => [{ ...BLOCKED, reason: also, needs: also } as NewEvent],
  '26-01-08-done': (also) => [{ ...DONE, summary: also } as NewEvent],
  '26-01-08-abandoned': () => [],
};
const [ASKS = '', PLANS = '', BLOCKS = '', ENDED = ''] = Object.keys(SESSIONS);

/** Sessions in which every text that others can write is `also`. */
async function writeSessions(also: string): Promise<void> {
  for (const [folder, then] of Object.entries(SESSIONS)) {
    const events = [CREATED, PREPARED, ...then(also)];
    const paths = await rig.addSession(folder);
    const mainRepo = rig.repo.path;
    await writeEvents(paths, events, undefined, { mainRepo, group: also, task: `${also}\n${also}` });
  }
  await rig.repo.write({
    [`_samocode/sessions/${ASKS}/_qa.md`]: `# Q&A\n\n### Q1: ${also}\n- A) ${also}\n\n**Answer:**\n`,
  });
}

/** Results in which every text that others can write is `also`. */
const RESULTS: Readonly<Record<string, (also: string) => object>> = {
  list_sessions: (also) => ({
    ...{ summary: also, problems: [also], more_from: 20 },
    sessions: Object.keys(SESSIONS).map((session) => ({ session })),
  }),
  get_status: (also) => ({
    ...{ summary: also, session: BLOCKS, problems: [also], checks: also, gates: also, messages: also },
  }),
  read_qa: (also) => ({
    ...{ summary: also, session: ASKS, problems: [also], about: also },
    questions: [
      { id: also, text: also, options: [`A) ${also}`, also], suggestion: also },
      { id: also, text: also, options: [], answer: `${also}, by me`, open: false },
      { id: also, text: also, options: [], unconfirmed_answer: `${also}, by me` },
    ],
  }),
  read_plan: (also) => ({
    ...{ summary: also, session: PLANS, plan: also, hash: also, changes: also, text: 'x' },
    ...{ mcp_servers: [also], remarks: [also] },
  }),
};

interface Asked {
  args?: Record<string, unknown>;
  hasForms?: boolean;
  fields?: object;
}

async function cardOf(name: string, also = 'x', { args = {}, hasForms = true, fields }: Asked = {}) {
  const call = { name, arguments: args, hasForms, actions: rig.context };
  return (await resultMarkup({ ...RESULTS[name]?.(also), ...fields }, call)) ?? '';
}

test('no text of a result or of a session creates another tag or attribute', async () => {
  const cards = async (also: string) => {
    await writeSessions(also);
    const all = await Promise.all(Object.keys(RESULTS).map(async (name) => await cardOf(name, also)));
    return [...all, await cardOf('get_status', also, { fields: { session: ENDED } })];
  };
  const expected = (await cards('x')).map(skeletonOf);
  expect(expected.map(({ tags }) => tags.length > 20)).toEqual(Array(5).fill(true));
  expect(expected.flatMap(({ stray }) => stray)).toEqual([]);
  for (const payload of PAYLOADS) {
    const made = await cards(payload);
    expect([payload, made.map(skeletonOf)]).toEqual([payload, expected]);
    expect(made.flatMap(addressesIn)).toEqual([]);
  }
  expect((await cards(HIDING)).join('')).not.toMatch(ANY_HIDDEN);
});

test('a plan is Markdown, and leads only to the web', async () => {
  await writeSessions('x');
  for (const text of MARKDOWN_PAYLOADS) {
    const card = await cardOf('read_plan', 'x', { fields: { text } });
    const { tags, stray } = skeletonOf(card);
    expect(stray).toEqual([]);
    const foreign = /^\/?(?:script|iframe|img|svg|style|base|meta|form)\b| on/;
    expect(tags.filter((tag) => foreign.test(tag))).toEqual([]);
    expect(addressesIn(card).filter((address) => !/^https?:/.test(address))).toEqual([]);
  }
});

test('a card that would be too long is left to the summary', async () => {
  await writeSessions('x');
  expect(await cardOf('read_plan', 'x', { fields: { text: 'x '.repeat(60_000) } })).toBe('');
});

/** The calls of a card's buttons. */
function callsOf(card: string): { name: string; arguments: object }[] {
  const found = [...card.matchAll(/ data-call="([^"]*)"/g)];
  return found.map(([, call = '']) => JSON.parse(call.replaceAll('&quot;', '"')));
}
const names = (card: string) => callsOf(card).map(({ name }) => name);

test('no button carries an answer or the hash of a plan, whatever the result says', async () => {
  await writeSessions('x');
  for (const name of Object.keys(RESULTS))
    for (const call of callsOf(await cardOf(name))) {
      expect(call.name).toMatch(/^(?:list_sessions|get_status|read_qa|read_plan|answer_qa|approve_plan)$/);
      expect(['session', 'project_dir', 'offset']).toEqual(
        expect.arrayContaining(Object.keys(call.arguments)),
      );
    }
});

test('calls about a session stay in the project that was asked about, or that the list names', async () => {
  await writeSessions('x');
  const { path } = rig.repo;
  const status = callsOf(await cardOf('get_status', 'x', { args: { project_dir: path } }));
  expect(status.map((call) => call.arguments)).toContainEqual({ session: BLOCKS, project_dir: path });
  const sessions = [{ session: BLOCKS, project: path }];
  const list = callsOf(
    await cardOf('list_sessions', 'x', { args: { state: 'blocked' }, fields: { sessions } }),
  );
  expect(list).toContainEqual({ name: 'get_status', arguments: { session: BLOCKS, project_dir: path } });
  expect(list).toContainEqual({ name: 'list_sessions', arguments: { state: 'blocked', offset: 20 } });
});

test('what needs the person is decided in a form, or on the page, whose address has no code', async () => {
  await writeSessions('x');
  const forms = (card: string) => names(card).filter((name) => /^(?:answer|approve)_/.test(name));
  expect(forms(await cardOf('list_sessions')).sort()).toEqual(['answer_qa', 'approve_plan']);
  expect(forms(await cardOf('read_qa'))).toEqual(['answer_qa']);
  expect(forms(await cardOf('read_plan'))).toEqual(['approve_plan']);
  expect(forms(await cardOf('get_status'))).toEqual([]);
  expect(forms(await cardOf('read_plan', 'x', { fields: { session: ENDED } }))).toEqual([]);
  const without = await cardOf('list_sessions', 'x', { hasForms: false });
  expect(forms(without)).toEqual([]);
  expect(without).toContain('<code>samocode web --open</code>');
  await using web = await serveWeb(rig.context);
  const withPage = await cardOf('list_sessions', 'x', { hasForms: false });
  expect(withPage).not.toContain('samocode web --open');
  const { address } = web.served;
  expect(addressesIn(withPage).map((each) => each.replace(/[0-9a-f]{12}$/, ''))).toEqual([
    ...Array(5).fill(`${address}#/s/`),
    address,
  ]);
});

test('first comes what needs the person, in the words and signs of the page', async () => {
  await writeSessions('x');
  const text = (await cardOf('list_sessions')).replace(/<[^>]*>/g, '|').replace(/\|[|\s]*/g, '|');
  expect(text).toContain('|Needs you |5|');
  expect(text).toMatch(/\?\|x x\|Answer 1 question\|/);
  expect(text).toMatch(/≡\|x x\|Approve its plan\|/);
  expect(text).toMatch(/!\|x x\|Blocked\|/);
  expect(text).toMatch(/✔\|x x\|Finished, proof no\|/);
  expect(text).toMatch(/!\|x x\|Its worker is gone\|/);
});

test('a session that is gone since the result was made is left out of a list', async () => {
  await writeSessions('x');
  const sessions = [{ session: '26-01-08-gone' }, { session: BLOCKS }];
  const card = await cardOf('list_sessions', 'x', { fields: { sessions } });
  expect(names(card).filter((name) => name === 'get_status')).toHaveLength(1);
});
