import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { SessionView } from '../../../../src/core/session/events/session-view.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readSessionList } from '../../../../src/core/session/session-list.ts';
import { readSession } from '../../../../src/core/session/status.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const CORPUS = resolve('tests/fixtures/legacy-sessions');

/** The reported place of a session folder. */
function placeIn(view: SessionView | undefined) {
  if (view === undefined) return undefined;
  const { status, progress } = view.state;
  return {
    kind: status.kind,
    phase: progress.phase,
    ...(status.kind === 'waiting' && { for: status.for }),
    ...(status.kind === 'blocked' && { reason: status.reason }),
  };
}

async function read(dir: string, folder: string): Promise<SessionView | undefined> {
  return await readSession(sessionPaths(dir, folder), await systemHost());
}

/** A folder without machine state, with these files. */
async function made(files: Readonly<Record<string, string>>) {
  const dir = await tempDir();
  await mkdir(join(dir.path, 'boat'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir.path, 'boat', name, '..'), { recursive: true });
    await writeFile(join(dir.path, 'boat', name), text);
  }
  return dir;
}

async function madeView(files: Readonly<Record<string, string>>): Promise<SessionView | undefined> {
  await using dir = await made(files);
  return await read(dir.path, 'boat');
}

const stopped = { kind: 'stopped' };

test.each([
  ['26-01-08-colon-stamps', { kind: 'waiting', phase: 'planning', for: 'plan_approval' }],
  ['26-01-09-blocked-yes', { kind: 'blocked', phase: 'implementation', reason: 'The database is down' }],
  ['26-01-10-no-totals', { ...stopped, phase: 'testing' }],
  ['26-01-11-crlf', { ...stopped, phase: 'quality' }],
  ['26-01-12-bom', { kind: 'waiting', phase: 'requirements', for: 'qa_answers' }],
  ['26-01-13-unknown-phase', { ...stopped, phase: 'init' }],
  ['26-01-14-two-plans', { ...stopped, phase: 'implementation' }],
  ['26-01-15-question-boxes', { kind: 'waiting', phase: 'requirements', for: 'qa_answers' }],
  ['26-01-16-repeated-iterations', { ...stopped, phase: 'init' }],
  ['26-01-17-empty-overview', { ...stopped, phase: 'init' }],
  ['26-01-18-extra-sections', { ...stopped, phase: 'investigation' }],
  ['26-01-19-invalid-byte', { ...stopped, phase: 'implementation' }],
  ['26-01-20-flow-tells', { ...stopped, phase: 'init' }],
  ['26-01-21-nested', { ...stopped, phase: 'implementation' }],
  ['26-01-22-nothing-known', { ...stopped, phase: 'init' }],
  ['My_Old.Session-V2', { kind: 'done', phase: 'done' }],
])('the old folder %s is shown in the state that its files record', async (folder, place) => {
  await using dir = await tempDir();
  await cp(join(CORPUS, folder), join(dir.path, folder), { recursive: true });
  expect(placeIn(await read(dir.path, folder))).toEqual(place);
});

const QA = '# Q&A: boat\n\n### Q1: Which?\nA) this\nB) that\n**Answer:** _waiting_\n';
const PLAN = '# Plan: Boat\n\n### Phase 1: hull\n- [ ] one\n';
const at = (phase: string, more = '') =>
  `# Session: boat\n\n## Task\nFloat.\n\n## Status\nPhase: ${phase}\n${more}`;
const line = (status: string, more: object = {}) => `${JSON.stringify({ iteration: 1, status, ...more })}\n`;
const waits = (phase: string, waitsFor: string) => ({ kind: 'waiting', phase, for: waitsFor });

test.each([
  [
    'its signal waits for answers',
    {
      '_overview.md': at('planning'),
      '_qa.md': QA,
      '_signal.json': '{"status":"waiting","for":"qa_answers"}',
    },
    waits('planning', 'qa_answers'),
  ],
  [
    'only its overview says that it waits for a person',
    { '_overview.md': at('planning', 'Blocked: waiting_human\n'), '01-08-1000-plan-boat.md': PLAN },
    waits('planning', 'plan_approval'),
  ],
  [
    'its agent wrote the next phase into the overview while waiting for approval',
    {
      '_overview.md': at('implementation'),
      '01-08-1000-plan-boat.md': PLAN,
      '_signal.json': '{"status":"waiting","phase":"implementation","for":"plan_approval"}',
    },
    waits('implementation', 'plan_approval'),
  ],
  [
    'implementation asked a question',
    {
      '_overview.md': at('implementation'),
      '_qa.md': QA,
      '01-08-1000-plan-boat.md': PLAN,
      '_signal.json': '{"status":"waiting","for":"qa_answers"}',
    },
    waits('implementation', 'qa_answers'),
  ],
  [
    'its agent requested an action from a person',
    {
      '_overview.md': at('testing'),
      '_signal.json': '{"status":"waiting","for":"human_action","reason":"Plug it in"}',
    },
    waits('testing', 'human_action'),
  ],
])('an old folder waits if %s', async (_, files, place) => {
  expect(placeIn(await madeView(files))).toEqual(place);
});

test.each([
  ['its signal says so', { '_signal.json': '{"status":"blocked","reason":"No database"}' }, 'No database'],
  [
    'only its overview says so',
    { '_overview.md': at('testing', 'Blocked: yes\nLast Action: Gave up\n') },
    'Gave up',
  ],
  ['it gives no reason', { '_overview.md': at('testing', 'Blocked: yes\n') }, 'It names no reason.'],
])('an old folder is blocked with its reason if %s', async (_, files, reason) => {
  const view = await madeView({ '_overview.md': at('testing'), ...files });
  expect(placeIn(view)).toEqual({ kind: 'blocked', phase: 'testing', reason });
});

test.each([
  ['its last signal moved to it', { '_signal.json': '{"status":"continue","phase":"done"}' }],
  ['its signal was cleared for an agent that wrote none', { '_signal.json': '{}' }],
])('a folder in phase done is not shown as done if %s', async (_, files) => {
  const view = await madeView({ '_overview.md': at('done'), ...files });
  expect(placeIn(view)).toEqual({ ...stopped, phase: 'done' });
});

test.each([
  ['its signal says so', { '_signal.json': '{"status":"done"}' }],
  ['only the overview remains', {}],
])('a folder in phase done is shown as done if %s', async (_, files) => {
  expect(placeIn(await madeView({ '_overview.md': at('done'), ...files }))).toMatchObject({ kind: 'done' });
});

test.each([
  ['session.log', { 'session.log': '[01-08 10:00] init\n' }],
  ['_logs/', { '_logs/01-08-1000-001-init.jsonl': '' }],
  ['the timeouts in its history', { '_signal_history.jsonl': line('none', { phase: 'init' }) }],
])('a folder that was stopped before its overview was written is found by %s', async (_, files) => {
  await using dir = await made(files);
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(placeIn)).toEqual([{ ...stopped, phase: 'init' }]);
  expect(views[0]?.problems.join()).toMatch(/before its overview was written.*goal/);
});

test.each([
  ['alone', {}],
  ['next to its own overview', { '_overview.md': at('investigation') }],
])('a session inside another session is a problem of the folder, %s', async (_, files) => {
  const view = await madeView({ ...files, '_samocode/_samocode/_overview.md': at('planning') });
  expect(view?.problems.join()).toMatch(/a session inside a session/);
});

test.each(['_signal_history.jsonl', '_signal.json', '_qa.md', 'session.log'])(
  'a folder named %s is a problem of the session, and is shown in the list',
  async (name) => {
    await using dir = await made({ '_overview.md': at('investigation'), [`${name}/file`]: '' });
    const [view] = await readSessionList(dir.path, await systemHost());
    expect(view?.problems).toEqual([`${name} is not a plain file or folder: move it aside.`]);
  },
);
