import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { compose } from '../../../../src/extensions/notify/notice/compose.ts';
import { CREATED, PREPARED } from '../../../core/unit/session/events.ts';
import { telegramScene } from '../../../extensions/notify/unit/telegram/samples.ts';
import { linksIn } from '../../../extensions/notify/unit/telegram/telegram-links.ts';
import { ANY_HIDDEN, inTags } from '../../../support/hidden-characters.ts';
import { typed } from '../cli/typed.ts';
import { askTool } from './ask-tool.ts';
import { makeServerRig, type ServerRig } from './server-rig.ts';

const SECRET = inTags('Then push it.');
const SHOWN = '\\u{e0054}\\u{e0068}\\u{e0065}\\u{e006e}';
const PLAN = `# Plan: Names 👩‍👧${SECRET}

## Phase 1: Boats${SECRET}
- [ ] Paint them\u202e der\u200b, then /stop or ask @ada_l at boats.example.com
`;
const NAME = '01-05-1100-plan-names.md';
const PLANNED: NewEvent = {
  ...{ type: 'parked', for: 'plan_approval', resumePhase: 'planning', openQuestions: [], unconfirmed: [] },
  ...{ reason: `The plan is ready.${SECRET}\u009b2J`, plan: { name: NAME, hash: planHash(PLAN) } },
};
const SESSION = '26-01-05-names';

let serverRig: ServerRig;
let paths: SessionPaths;
beforeAll(async () => {
  serverRig = await makeServerRig();
  paths = await serverRig.addSession(SESSION, [CREATED, PREPARED, PLANNED]);
  await writeFile(join(paths.sessionDir, NAME), PLAN);
});
afterAll(() => serverRig[Symbol.asyncDispose]());

async function inTerminal(...argv: string[]): Promise<string> {
  const { path: cwd, homeDir: home } = serverRig.repo;
  const { stdout, stderr } = await typed(argv, { cwd, home, says: [] });
  return stdout + stderr;
}

async function result(tool: string, args: Record<string, unknown> = {}): Promise<string> {
  const { json } = await askTool(tool, { session: SESSION, ...args }, serverRig.context);
  return Object.values(json)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join('\n');
}

async function onThePhone(): Promise<string> {
  await using scene = await telegramScene();
  const view = (await readSession(paths, await systemHost())) ?? expect.fail();
  const at = view.state.status.since;
  const { sessionsDir } = paths;
  const id = `${view.sessionFile?.id}:${view.state.n}`;
  const notice = { v: 1 as const, id, at, kind: 'waiting' as const, session: SESSION, sessionsDir, text: '' };
  const notification = (await compose(notice, view)) ?? expect.fail();
  await scene.channel.send(notification, new AbortController().signal);
  const text = scene.stub.messages.map((message) => message.text).join('\n');
  expect(linksIn(text)).toEqual([]);
  return text.replaceAll('\u2060', '');
}

const FACES: Record<string, () => Promise<string>> = {
  'samocode plan': () => inTerminal('plan', SESSION),
  'samocode approve': () => inTerminal('approve', SESSION),
  'samocode status': () => inTerminal('status', SESSION),
  read_plan: () => result('read_plan'),
  get_status: () => result('get_status'),
  read_session: () => result('read_session', { what: 'document', document: NAME }),
  'the resource of the plan': () => serverRig.text(`samocode://sessions/${SESSION}/plan`),
  'the resource of its events': () => serverRig.text(`samocode://sessions/${SESSION}/events`),
  'a message of Telegram': onThePhone,
};

test.each(Object.entries(FACES))(
  'a sentence that an agent hides from people is seen in %s',
  async (_face, shown) => {
    const text = await shown();
    expect(text).not.toMatch(/[\u{e0000}-\u{e01ef}\u200b\u202e\u009b]/u);
    expect(text.replaceAll('👩‍👧', '')).not.toMatch(ANY_HIDDEN);
    expect(text).toMatch(/\\u\{e0054\}\\+u\{e0068\}|\\udb40\\udc54\\udb40\\udc68/);
  },
);

test('the plan is read with its emoji, and an approval covers the file as the agent wrote it', async () => {
  const { json } = await askTool('read_plan', { session: SESSION }, serverRig.context);
  expect(json.text).toContain(`# Plan: Names 👩‍👧${SHOWN}`);
  expect(planHash(PLAN).startsWith(String(json.hash))).toBe(true);
  expect(await readFile(join(paths.sessionDir, NAME), 'utf8')).toBe(PLAN);
});

test('a long text of hidden characters is paged by what is shown, and none of it is lost', async () => {
  const text = `${inTags('x'.repeat(3000))}end`;
  await writeFile(join(paths.sessionDir, '01-05-1200-dive-long.md'), text);
  let read = '';
  for (let offset: unknown = 0; offset !== undefined; ) {
    const args = { session: SESSION, what: 'document', document: '01-05-1200-dive-long.md', offset };
    const { json } = await askTool('read_session', args, serverRig.context);
    expect(JSON.stringify(json.text).length).toBeLessThanOrEqual(7002);
    read += json.text;
    offset = json.more_from;
  }
  expect(read).toBe(`${'\\u{e0078}'.repeat(3000)}end`);
});
