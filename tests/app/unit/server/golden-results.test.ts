import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { ASKING, BLOCKED, CREATED, DONE, PREPARED } from '../../../core/unit/session/events.ts';
import { provedEvents } from '../../../support/proved-events.ts';
import { planned } from '../../../support/work-events.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig, type ServerRig } from './server-rig.ts';

const JAPANESE = '26-01-08-日本語のreadme';
const HEBREW = '26-01-07-שלום-עולם';
const EMOJI = '26-01-06-👩‍👩‍👧-boat-🚤';

const QA = `# Q&A: 日本語

Status: waiting

### Q1: どの言語で書きますか? (README.md)
A) 日本語
B) עברית, מימין לשמאל
C) 👩‍👩‍👧 both
**Suggestion:** A - 読者は日本人です
**Answer:** _waiting_
`;

const PLAN_NAME = '01-05-1100-plan-日本.md';
const PLAN = `# Plan: 日本語 שלום 👩‍👩‍👧

## Phase 1: 翻訳する
- [ ] README を訳す
`;

const REQUIREMENTS = [{ id: 'R1', text: '日本語で読める', check: 'npm test' }];

let serverRig: ServerRig;
beforeAll(async () => {
  serverRig = await makeServerRig();
  const asking = await serverRig.addSession(JAPANESE, [CREATED, PREPARED, ASKING]);
  await writeFile(asking.qa, QA);
  await serverRig.addSession(HEBREW, [
    CREATED,
    PREPARED,
    { ...BLOCKED, reason: 'איזה מפתח? 🔑' } as NewEvent,
  ]);
  await serverRig.addSession(EMOJI, [CREATED, PREPARED, { ...DONE, summary: '完了 ✅ סיימתי' } as NewEvent]);
  const approving = await serverRig.addSession('26-01-05-plan', [
    CREATED,
    PREPARED,
    planned(PLAN_NAME, PLAN),
  ]);
  await serverRig.addSession('26-01-04-proved', provedEvents({ requirements: REQUIREMENTS }));
  await writeFile(join(approving.sessionDir, PLAN_NAME), PLAN);
});
afterAll(() => serverRig[Symbol.asyncDispose]());

const CALLS: readonly [string, string, Record<string, unknown>][] = [
  ['list_sessions', 'list_sessions', {}],
  ['list_sessions of all projects', 'list_sessions', { all_projects: true, state: 'needs_human' }],
  ['get_status of a waiting session', 'get_status', { session: JAPANESE }],
  ['get_status of a blocked session', 'get_status', { session: HEBREW }],
  ['get_status of a finished session', 'get_status', { session: EMOJI }],
  ['wait', 'wait', { session: HEBREW, cursor: 0, timeout_s: 0 }],
  ['wait for several', 'wait', { sessions: [JAPANESE, EMOJI], timeout_s: 0 }],
  ['read_qa', 'read_qa', { session: JAPANESE }],
  ['read_plan', 'read_plan', { session: '26-01-05-plan' }],
  ['read_session', 'read_session', { session: JAPANESE }],
  ['read_session of documents', 'read_session', { session: '26-01-05-plan', what: 'document' }],
  ['read_session of a proof', 'read_session', { session: '26-01-04-proved', what: 'proof' }],
  [
    'read_session of a full proof',
    'read_session',
    { session: '26-01-04-proved', what: 'proof', document: 'full' },
  ],
  ['rewind_session', 'rewind_session', { session: HEBREW }],
  ['an unknown session', 'get_status', { session: '日本誤' }],
];

test.each(CALLS)(
  'the result of %s equals its golden file (if the change is intended, run this file with -u)',
  async (name, tool, args) => {
    const { json } = await askTool(tool, args, serverRig.context);
    const text = JSON.stringify(json, undefined, 2)
      .replaceAll(serverRig.repo.root, '/place')
      .replace(/(?<=Read at )[\dT:-]+Z/, '<now>');
    await expect(`${text}\n`).toMatchFileSnapshot(
      `../../../golden/results/${name.replaceAll(' ', '-')}.json`,
    );
  },
);

test('a client that validates results by the published schemas accepts them all', async () => {
  await using codex = await makeServerRig({ clientName: 'codex-mcp-client' });
  await codex.addSession('26-01-08-boat', [CREATED, PREPARED, ASKING]);
  const { tools } = await codex.client.listTools();
  expect(tools.every(({ outputSchema }) => outputSchema !== undefined)).toBe(true);
  // The SDK's client throws for a result that does not match.
  for (const { name, annotations } of tools.filter((tool) => tool.annotations?.readOnlyHint)) {
    const args = name === 'list_sessions' ? {} : { session: 'boat', ...(name === 'wait' && { cursor: 0 }) };
    const called = await codex.client.callTool({ name, arguments: args });
    expect(called.structuredContent !== undefined || called.isError, annotations?.title).toBe(true);
  }
});

test('every session is listed, page by page, and a row costs a model at most 45 tokens', async () => {
  await using many = await makeServerRig();
  const name = (day: number) =>
    `26-01-${String(day).padStart(2, '0')}-refactor-the-checkout-flow-of-the-shop`;
  const days = Array.from({ length: 28 }, (_, index) => index + 1);
  for (const day of days)
    await many.addSession(name(day), [CREATED, PREPARED, ASKING], { startMs: Date.UTC(2026, 0, day) });
  const first = await askTool('list_sessions', {}, many.context);
  expect(first.json).toMatchObject({
    summary: expect.stringContaining('28 sessions, 1 to 20 of them shown'),
    more_from: 20,
  });
  const second = await askTool('list_sessions', { offset: first.json.more_from }, many.context);
  expect(second.json.summary).toMatch(/^28 sessions, 21 to 28 of them shown; 28 need the user\. Read at /);
  expect(second.json).not.toHaveProperty('more_from');
  const rows = [first, second].flatMap(({ json }) => json.sessions as { session: string }[]);
  expect(rows.map(({ session }) => session)).toEqual(days.map(name));
  for (const row of rows)
    expect(JSON.stringify({ ...row, project: '~/code/shop' }).length / 4).toBeLessThanOrEqual(45);
  const beyond = await askTool('list_sessions', { offset: 40 }, many.context);
  expect(beyond.json.summary).toMatch(/^28 sessions, none from 40 on\. Read at /);
});
