import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlanOf } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { OBSTACLES, type ObstacleName } from '../../../../src/core/kernel/phases/obstacles.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { withLedger } from '../../../../src/core/session/documents/requirements.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { firstObstacle, OBSTACLE_QUESTIONS } from '../../../../src/core/worker/judge/obstacles.ts';
import { Evidence, readPlanEvidence } from '../../../../src/core/worker/state/evidence.ts';
import { beginningOf } from '../../../../src/core/worker/state/extension.ts';
import { choicesOf, type Worker } from '../../../../src/core/worker/state/worker.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';

const NAMES = OBSTACLES.map(({ name }) => name);
const beforeDoneOnly = OBSTACLES.filter(({ onlyBeforeDone }) => onlyBeforeDone).map(({ name }) => name);

test('the questions before done have a fixed order', () => {
  expect(NAMES).toEqual([
    'messages',
    'branch_gone',
    'impossible_checks',
    'red_base',
    'uncommitted',
    'failed_checks',
    'false_claims',
    'unread',
    'unreviewed',
    'weakened_tests',
    'outside_scope',
    'later_work',
    'later_messages',
  ]);
});

test('the worker has a question for each obstacle, in the order of the table', () => {
  expect(Object.keys(OBSTACLE_QUESTIONS)).toEqual(NAMES);
});

test.each(NAMES.map((name, at) => [name, at] as const))(
  'if %s and all later obstacles apply, it decides, and no later one is checked',
  async (name, at) => {
    const asked: ObstacleName[] = [];
    const found = await firstObstacle(true, async (each) => {
      asked.push(each);
      return NAMES.indexOf(each) >= at ? each : undefined;
    });
    expect(found).toBe(name);
    expect(asked).toEqual(NAMES.slice(0, at + 1));
  },
);

test('before quality, messages and reviews are not checked', async () => {
  const asked: ObstacleName[] = [];
  await firstObstacle(false, async (name) => void asked.push(name));
  expect(asked).toEqual(NAMES.filter((name) => !beforeDoneOnly.includes(name)));
  expect(beforeDoneOnly).toEqual(['messages', 'unread', 'unreviewed', 'outside_scope', 'later_messages']);
});

test('in a session taken over long after its first day, all readers find the same plan', async () => {
  await using log = await tempLog();
  const { paths } = log;
  const { writer } = await log.open();
  const file = sessionFileSample({ folder: paths.folder, createdAt: '2026-03-01T10:00:00.000Z' });
  await mkdir(paths.sessionDir, { recursive: true });
  for (const name of ['02-10-1000-plan-x.md', '03-05-1000-plan-x.md'])
    await writeFile(join(paths.sessionDir, name), `# Plan: ${name}\n`);
  const { version } = await readPlanEvidence({ paths, file, writer } as Partial<Worker> as Worker);
  expect(version?.name).toBe('03-05-1000-plan-x.md');
  const view = { paths, folder: paths.folder, state: writer.state } as Partial<SessionView> as SessionView;
  expect((await readPlanOf(view)).name).toBe(version?.name);
});

const PLAN = '01-08-1000-plan-x.md';
const TEXT =
  '# Plan: x\n\n### Phase 1: it\nCheck: `npm run it`\n- [ ] it\n\nTesting: in review - it is small\n';
const LEDGER = JSON.stringify({
  requirements: [
    { id: 'R1', text: 'It works', check: 'npm run r1' },
    { id: 'R2', text: 'It reads well', check: 'reviewed' },
  ],
});

/** A session with a plan that waits, and what was recorded about it. */
async function planned(
  log: TempLog,
  { checks = [], events = [] }: { checks?: string[]; events?: NewEvent[] },
) {
  const { paths } = log;
  const { writer } = await log.open();
  const sample = sessionFileSample({ folder: paths.folder });
  const file = { ...sample, settings: { ...sample.settings, checks } };
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(join(paths.sessionDir, PLAN), TEXT);
  await writeFile(paths.requirements, LEDGER);
  await writer.append(createdEvent(), { type: 'prepared', phase: 'planning', warnings: [] }, ...events);
  return { paths, file, writer } as Partial<Worker> as Worker;
}

const plan = { name: PLAN, hash: planHash(withLedger(TEXT, LEDGER)) };
const APPROVED: NewEvent = { type: 'plan_approved', by: { channel: 'cli' }, plan, phase: 'implementation' };

test('no command of a plan or ledger counts before a person has approved it', async () => {
  await using log = await tempLog();
  const worker = await planned(log, {});
  expect(await new Evidence(worker).fullCommands()).toEqual([]);
  expect(await new Evidence(worker).hasCommands()).toBe(false);
  expect((await readPlanEvidence(worker)).outcome).toMatchObject({ exists: true, triedInReview: false });
  await worker.writer.append(APPROVED);
  expect(await new Evidence(worker).fullCommands()).toEqual(['npm run r1']);
  expect(await new Evidence(worker).hasCommands()).toBe(true);
  expect((await readPlanEvidence(worker)).outcome).toMatchObject({ approved: true, triedInReview: true });
  await writeFile(worker.paths.requirements, LEDGER.replace('npm run r1', 'touch mark'));
  expect(await new Evidence(worker).fullCommands()).toEqual([]);
});

test('a command that a person left red shows nothing', async () => {
  await using log = await tempLog();
  const worker = await planned(log, { checks: ['npm test'] });
  const run = { command: 'npm test', exitCode: 1, how: 'exit status 1', output: 'base-1.txt' };
  const baseChecks = { result: 'red' as const, failed: [run], choice: 'leave' as const };
  const red = { ...worker, writer: { ...worker.writer, state: { ...worker.writer.state, baseChecks } } };
  expect(await new Evidence(worker).hasCommands()).toBe(true);
  expect(await new Evidence(red as Worker).hasCommands()).toBe(false);
});

test('a reader of a plan is told first that no agent had a question, and what leaves out testing', async () => {
  await using log = await tempLog();
  const wait: NewEvent = {
    ...{ type: 'parked', for: 'plan_approval', resumePhase: 'implementation', plan },
    ...{ openQuestions: [], unconfirmed: [], unasked: true },
  };
  const { paths, writer } = await planned(log, { events: [wait] });
  const view = { paths, folder: paths.folder, state: writer.state } as Partial<SessionView> as SessionView;
  const { warnings } = await readPlanOf(view);
  expect(warnings).toEqual(['No agent had a question.', 'Testing: in review - it is small']);
});

test.each([
  [{}, {}, false],
  [{ planning: 'opus' }, {}, true],
  [{}, { planning: 'codex' }, true],
  [{ quality: 'opus' }, { testing: 'codex' }, false],
])(
  'with models %j and providers %j, planning is left to its own agent: %j',
  async (models, providers, apart) => {
    const file = sessionFileSample();
    const settings = { ...file.settings, models, providers } as typeof file.settings;
    expect(choicesOf({ file: { ...file, settings } } as Worker).plansApart).toBe(apart);
  },
);

const BASE = { name: 'main', ref: 'refs/heads/main', commit: 'a'.repeat(40) };

test('a build without the extension that copied files of a chat does not begin the branch without them', async () => {
  if (HAS_EXTENSIONS) return;
  const chat = {
    from: 'Claude Code',
    turns: 1,
    text: '',
    brought: { commit: 'b'.repeat(40), files: ['a.txt'] },
  };
  const begin = async (file: object) => await beginningOf({ file: sessionFileSample(file) } as Worker, BASE);
  expect(await begin({})).toBeUndefined();
  await expect(begin({ chat })).rejects.toMatchObject({ code: 'no_extension' });
});
