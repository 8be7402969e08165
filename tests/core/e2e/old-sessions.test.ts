import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finishSession } from '../../../src/core/acts/finish/finish-session.act.ts';
import { answerQa } from '../../../src/core/acts/gates/answer-qa.act.ts';
import { approvePlan } from '../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../src/core/acts/gates/read-plan.act.ts';
import { readQa } from '../../../src/core/acts/gates/read-qa.act.ts';
import { requestChanges } from '../../../src/core/acts/gates/request-changes.act.ts';
import { listSessions } from '../../../src/core/acts/reading/list-sessions.act.ts';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { stopSession } from '../../../src/core/acts/sessions/stop-session.act.ts';
import { acquireLease } from '../../../src/core/kernel/processes/lease.ts';
import { EventWriter } from '../../../src/core/session/events/event-writer.ts';
import { typed } from '../../app/unit/cli/typed.ts';
import type { Bench } from '../../support/bench.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import {
  atGateOrRunning,
  decisions,
  eventsOf,
  FOLDER,
  madeFolder,
  oldFolder,
  overviewAt,
  PLAN,
  PLAN_NAME,
  QA,
  untilAgent,
} from './old-folders.ts';

const session = { session: FOLDER };

/** After the second gate: the phase, and the plan to approve, if there is one. */
const afterPlanGate = [
  ['26-01-09-blocked-yes', undefined],
  ['26-01-10-no-totals', undefined],
  ['26-01-11-crlf', undefined],
  ['26-01-14-two-plans', '01-14-1530-plan-second.md'],
  ['26-01-19-invalid-byte', undefined],
  ['26-01-08-colon-stamps', '01-08-14:37-plan-x.md'],
] as const;

/** At or before the first gate: the open questions, and the answers in the file. */
const atAnswers = [
  ['26-01-12-bom', ['Q1'], []],
  ['26-01-15-question-boxes', ['Q1', 'Q2', 'R2Q1'], ['R2Q1']],
] as const;

const refused = [
  ['26-01-13-unknown-phase', 'phase_unknown'],
  ['26-01-16-repeated-iterations', 'phase_unknown'],
  ['26-01-17-empty-overview', 'phase_unknown'],
  ['26-01-20-flow-tells', 'phase_unknown'],
  ['26-01-21-nested', 'nested_layout'],
  ['26-01-22-nothing-known', 'phase_unknown'],
  ['My_Old.Session-V2', 'goal_missing'],
] as const;

describe('a recorded folder that is resumed', () => {
  test.concurrent.each(afterPlanGate)(
    'waits for its plan before any agent runs: %s',
    ci,
    async (folder, plan) => {
      await using bench = await oldFolder(folder);
      await resumeSession({ session: folder }, bench.context);
      const { state } = await atGateOrRunning(bench, folder);
      expect(decisions(await eventsOf(bench, folder))).toEqual(['waits for plan_approval']);
      expect(state.status.kind === 'waiting' && state.status.plan?.name).toBe(plan);
    },
  );

  test.concurrent.each(atAnswers)(
    'waits for its answers before any agent runs: %s',
    async (folder, open, typed) => {
      await using bench = await oldFolder(folder);
      await resumeSession({ session: folder }, bench.context);
      const { state } = await atGateOrRunning(bench, folder);
      expect(decisions(await eventsOf(bench, folder))).toEqual(['waits for qa_answers']);
      expect(state.status).toMatchObject({
        openQuestions: open,
        unconfirmed: typed.map((id) => expect.objectContaining({ id })),
      });
    },
  );

  test.concurrent.each(refused)('is refused: %s', async (folder, code) => {
    await using bench = await oldFolder(folder);
    await expect(resumeSession({ session: folder }, bench.context)).rejects.toMatchObject({ code });
  });

  test.concurrent('is refused if the repair of the nested layout leaves one session inside another', async () => {
    await using bench = await madeFolder({
      '_overview.md': overviewAt('planning'),
      '_samocode/_samocode/_overview.md': overviewAt('planning'),
    });
    const code = 'nested_layout';
    await expect(resumeSession(session, bench.context)).rejects.toMatchObject({ code });
  });

  test.concurrent('continues if it is before both gates', async () => {
    const folder = '26-01-18-extra-sections';
    await using bench = await oldFolder(folder);
    await resumeSession({ session: folder }, bench.context);
    expect(await untilAgent(bench, folder)).toEqual(['investigation runs']);
  });

  test.concurrent('has a row in one of these tables', async () => {
    const known = [...afterPlanGate, ...atAnswers, ...refused].map(([folder]) => folder);
    const all = await readdir(resolve('tests/fixtures/legacy-sessions'));
    expect(all.filter((name) => name !== '.gitattributes').sort()).toEqual(
      [...known, '26-01-18-extra-sections'].sort(),
    );
  });
});

test.concurrent.each(
  [...afterPlanGate, ...atAnswers, ...refused, ['26-01-18-extra-sections'] as const].map(
    ([folder]) => folder,
  ),
)('a recorded folder is archived with its own state and its files as they are: %s', async (folder) => {
  await using bench = await oldFolder(folder);
  const from = join(bench.sessionsDir, folder);
  const before = await readdir(from, { recursive: true });
  const { state } = await bench.view(folder);
  const how = { session: folder, how: 'keep_branch', keep: [] } as const;
  const { place, view } = await finishSession(how, bench.context);
  expect(view.state.status).toEqual(state.status);
  expect(await readdir(join(bench.sessionsDir, place), { recursive: true })).toEqual(before);
  expect((await listSessions({}, bench.context)).sessions).toEqual([]);
});

describe('before it is resumed, a folder is readable, and every act at a gate is refused', () => {
  const acts = {
    answer: (question: { session: string }, { context }: Bench) =>
      answerQa({ ...question, answers: [{ id: 'Q1', text: 'A' }] }, context),
    approve: (question: { session: string }, { context }: Bench) => approvePlan(question, context),
    'request changes': (question: { session: string }, { context }: Bench) =>
      requestChanges({ ...question, feedback: 'More.' }, context),
  };

  test.concurrent.each(Object.entries(acts))('%s', async (_, act) => {
    const folder = '26-01-08-colon-stamps';
    await using bench = await oldFolder(folder);
    const question = { session: folder };
    expect((await readPlan(question, bench.context)).name).toBe('01-08-14:37-plan-x.md');
    expect((await readQa(question, bench.context)).open).toEqual([]);
    await expect(act(question, bench)).rejects.toMatchObject({
      code: 'not_taken_over_yet',
      next: [{ act: 'resume', session: folder }],
    });
    expect((await bench.view(folder)).isForeign).toBe(true);
  });

  test.concurrent('at a terminal', async () => {
    const folder = '26-01-15-question-boxes';
    await using bench = await oldFolder(folder);
    const { home, programs } = bench.context;
    const place = { cwd: bench.repo.path, home, programs, says: ['y', 'B'] };
    for (const line of [
      ['answer', folder],
      ['approve', folder],
      ['changes', folder, 'More.'],
    ]) {
      const { stdout, stderr, exitCode } = await typed(line, place);
      expect(exitCode).toBe(1);
      expect(stdout + stderr).toContain('samocode resume question-boxes');
    }
    expect((await bench.view(folder)).isForeign).toBe(true);
  });
});

describe('one act continues from the gate', () => {
  test.concurrent('with the plan of a waiting folder', async () => {
    const folder = '26-01-08-colon-stamps';
    await using bench = await oldFolder(folder);
    await resumeSession({ session: folder }, bench.context);
    const plan = await readPlan({ session: folder }, bench.context);
    expect(plan).toMatchObject({ name: '01-08-14:37-plan-x.md', state: 'waits_for_approval' });
    await approvePlan({ session: folder, hash: plan.hash }, bench.context);
    expect(await untilAgent(bench, folder)).toEqual([
      'waits for plan_approval',
      'plan approved by cli',
      'implementation runs',
    ]);
  });

  test.concurrent('with the questions of a waiting folder', async () => {
    const folder = '26-01-12-bom';
    await using bench = await oldFolder(folder);
    await resumeSession({ session: folder }, bench.context);
    const { questions, open } = await readQa({ session: folder }, bench.context);
    expect([questions.map(({ text }) => text), open]).toEqual([['Which colour?'], ['Q1']]);
    await answerQa({ session: folder, answers: [{ id: 'Q1', text: 'A' }] }, bench.context);
    expect(await untilAgent(bench, folder)).toEqual([
      'waits for qa_answers',
      'answers by cli',
      'requirements runs',
    ]);
  });

  test.concurrent.each([
    ['waiting', 'requirements'],
    ['stopped', 'planning'],
  ])('with the answers that were typed into a folder that was %s in %s', async (_, phase) => {
    await using bench = await madeFolder({
      '_overview.md': overviewAt(phase),
      '_qa.md': QA.replace('_waiting_', 'B'),
    });
    await resumeSession(session, bench.context);
    await answerQa({ ...session, answers: [], confirmTyped: true }, bench.context);
    expect(await untilAgent(bench, FOLDER)).toEqual([
      'waits for qa_answers',
      'answers by cli',
      `${phase} runs`,
    ]);
    expect((await bench.view(FOLDER)).state.answers).toMatchObject([{ id: 'Q1', text: 'B' }]);
  });

  test.concurrent('with plan and answers of a folder that was stopped in implementation', async () => {
    await using bench = await madeFolder({
      '_overview.md': overviewAt('implementation'),
      '_qa.md': QA.replace('_waiting_', 'B'),
      [PLAN_NAME]: PLAN,
    });
    await resumeSession(session, bench.context);
    await approvePlan(session, bench.context);
    expect(await untilAgent(bench, FOLDER)).toEqual([
      'waits for plan_approval',
      'answers by cli',
      'plan approved by cli',
      'implementation runs',
    ]);
  });

  test.concurrent('approves the plan of a folder that was stopped in phase done, and it continues there', async () => {
    await using bench = await madeFolder({
      '_overview.md': overviewAt('done'),
      '_signal.json': '{}',
      [PLAN_NAME]: PLAN,
    });
    await resumeSession(session, bench.context);
    await approvePlan(session, bench.context);
    expect((await untilAgent(bench, FOLDER)).at(-1)).toBe('done runs');
  });

  test.concurrent('sends a folder without a plan back to planning', async () => {
    const folder = '26-01-19-invalid-byte';
    await using bench = await oldFolder(folder);
    await resumeSession({ session: folder }, bench.context);
    await expect(approvePlan({ session: folder }, bench.context)).rejects.toMatchObject({ code: 'no_plan' });
    await requestChanges({ session: folder, feedback: 'Write the plan first.' }, bench.context);
    expect(await untilAgent(bench, folder)).toEqual([
      'waits for plan_approval',
      'changes by cli',
      'planning runs',
    ]);
  });

  test.concurrent('approves a plan that a person added to a folder without one', async () => {
    const folder = '26-01-19-invalid-byte';
    await using bench = await oldFolder(folder);
    await resumeSession({ session: folder }, bench.context);
    await writeFile(join(bench.sessionsDir, folder, PLAN_NAME), PLAN);
    await approvePlan({ session: folder }, bench.context);
    expect((await untilAgent(bench, folder)).at(-1)).toBe('implementation runs');
  });
});

describe('the gates of the project apply to a folder that a model created', () => {
  const forged = {
    '_overview.md': overviewAt('implementation'),
    '_qa.md': QA.replace('_waiting_', 'B'),
    [PLAN_NAME]: PLAN,
  };

  test.concurrent('no act of a channel that GATE_CHANNELS excludes starts an agent', async () => {
    await using bench = await madeFolder(forged, { GATE_CHANNELS: 'cli' });
    const byModel = { ...bench.context, by: { channel: 'tool' as const } };
    await resumeSession(session, byModel);
    const { hash } = await readPlan(session, byModel);
    const closed = { code: 'channel_closed' };
    await expect(approvePlan({ ...session, hash }, byModel)).rejects.toMatchObject(closed);
    await expect(requestChanges({ ...session, feedback: 'More.' }, byModel)).rejects.toMatchObject(closed);
    await expect(resumeSession(session, byModel)).rejects.toMatchObject({ code: 'gate_closed' });
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(['waits for plan_approval']);
    await approvePlan(session, bench.context);
    expect((await untilAgent(bench, FOLDER)).at(-2)).toBe('plan approved by cli');
  });

  test.concurrent.each([
    ['qa,plan', ['waits for plan_approval']],
    ['plan', ['answers by settings', 'waits for plan_approval']],
    ['qa', ['waits for qa_answers']],
  ])('with GATES=%s it waits once', async (gates, waits) => {
    await using bench = await madeFolder(forged, { GATES: gates });
    await resumeSession(session, bench.context);
    await atGateOrRunning(bench, FOLDER);
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(waits);
  });

  test.concurrent('with no gate it continues, and the events say that the settings opened both', async () => {
    await using bench = await madeFolder(forged, { GATES: 'none' });
    await resumeSession(session, bench.context);
    expect(await untilAgent(bench, FOLDER)).toEqual([
      'answers by settings',
      'waits for plan_approval',
      'plan approved by settings',
      'implementation runs',
    ]);
  });
});

describe('whatever the settings exclude from GATES', () => {
  const byModel = (bench: Awaited<ReturnType<typeof madeFolder>>) => ({
    ...bench.context,
    by: { channel: 'tool' as const },
  });
  const asked = '{"status":"waiting","for":"qa_answers"}';

  test.concurrent('a folder in implementation that asks a question waits for its plan too', async () => {
    const files = { '_overview.md': overviewAt('implementation'), '_qa.md': QA, [PLAN_NAME]: PLAN };
    await using bench = await madeFolder(
      { ...files, '_signal.json': asked },
      { GATES: 'plan', GATE_CHANNELS: 'cli' },
    );
    await resumeSession(session, byModel(bench));
    await atGateOrRunning(bench, FOLDER);
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(['waits for plan_approval']);
  });

  test.concurrent('a folder that waits for its plan without questions needs no answers', async () => {
    await using bench = await madeFolder(
      {
        '_overview.md': overviewAt('planning'),
        [PLAN_NAME]: PLAN,
        '_signal.json': '{"status":"waiting","for":"plan_approval"}',
      },
      { GATES: 'qa' },
    );
    await resumeSession(session, bench.context);
    const { state } = await atGateOrRunning(bench, FOLDER);
    expect(state.status).toMatchObject({ for: 'qa_answers', openQuestions: ['Q1'] });
  });
});

test.concurrent('limits given with the resume of an old folder apply to the session', async () => {
  await using bench = await madeFolder({ '_overview.md': overviewAt('implementation'), [PLAN_NAME]: PLAN });
  const { view } = await resumeSession({ ...session, limits: { usd: 1 } }, bench.context);
  expect(view.sessionFile?.settings.limits?.session).toEqual({ usd: 1 });
});

test.concurrent('a fault that blocks a folder at the gate of its takeover does not open the gate', async () => {
  const files = { '_overview.md': overviewAt('planning'), '_qa.md': QA.replace('_waiting_', 'B') };
  await using bench = await madeFolder(files, { GATE_CHANNELS: 'cli' });
  const byModel = { ...bench.context, by: { channel: 'tool' as const } };
  await resumeSession(session, byModel);
  const { paths, state } = await atGateOrRunning(bench, FOLDER);
  const { host, clock } = bench.context;
  await eventually(async () => (await bench.view(FOLDER)).worker === 'none');
  const lease = await acquireLease(paths.leases, { host, clock, above: state.lease });
  using writer = await EventWriter.open(paths, lease, clock);
  const why = { reason: 'The disk failed.', needs: 'error_resolution', rule: 'failure' };
  await writer.append({ type: 'blocked', phase: 'planning', ...why });
  await lease.release();
  await resumeSession(session, byModel);
  await atGateOrRunning(bench, FOLDER);
  expect((await bench.view(FOLDER)).state.status).toMatchObject({ kind: 'waiting', for: 'qa_answers' });
  expect(decisions(await eventsOf(bench, FOLDER))).toEqual(['waits for qa_answers']);
});

describe('a folder that waits at the gate of its takeover', () => {
  const folder = '26-01-14-two-plans';
  const input = { session: folder };

  test.concurrent('waits there again after a stop', async () => {
    await using bench = await oldFolder(folder);
    await resumeSession(input, bench.context);
    await stopSession({ ...input, when: 'now' }, bench.context);
    const { view } = await resumeSession(input, bench.context);
    expect(view.state.status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
    expect(await bench.repo.git(['worktree', 'list'])).not.toContain(folder);
  });

  test.concurrent('is archived without a worktree', async () => {
    await using bench = await oldFolder(folder);
    await resumeSession(input, bench.context);
    await stopSession({ ...input, when: 'now' }, bench.context);
    await finishSession({ ...input, how: 'keep_branch', keep: [] }, bench.context);
    expect((await bench.view(folder)).state.archived).toBe(true);
  });

  test.concurrent('is taken over once if two people act at the same moment', async () => {
    await using bench = await oldFolder(folder);
    const acts = [resumeSession(input, bench.context), resumeSession(input, bench.context)];
    const ended = await Promise.allSettled(acts);
    expect(ended.map(({ status }) => status)).toContain('fulfilled');
    await atGateOrRunning(bench, folder);
    expect(decisions(await eventsOf(bench, folder))).toEqual(['waits for plan_approval']);
  });
});

describe('a folder that was stopped before its overview was written', () => {
  const files = { 'session.log': '[02-01 10:00] init\n', '_logs/02-01-1000-001-init.jsonl': '' };

  test.concurrent('reports on resume that its task is missing', async () => {
    await using bench = await madeFolder(files);
    await expect(resumeSession(session, bench.context)).rejects.toMatchObject({ code: 'task_unknown' });
  });

  test.concurrent('takes its task as the goal, and starts', async () => {
    await using bench = await madeFolder(files);
    await resumeSession({ ...session, goal: 'Teach the boat to float.' }, bench.context);
    expect(await untilAgent(bench, FOLDER)).toEqual(['investigation runs']);
    const overview = await readFile(join(bench.sessionsDir, FOLDER, '_overview.md'), 'utf8');
    expect(overview).toMatch(/## Task\s+Teach the boat to float\./);
  });
});

describe('a folder in which no worker could run', () => {
  test.concurrent('is refused with the name of the file that should be a folder', async () => {
    await using bench = await madeFolder({ '_overview.md': overviewAt('investigation') });
    await mkdir(join(bench.sessionsDir, FOLDER, '_signal_history.jsonl'));
    await expect(resumeSession(session, bench.context)).rejects.toMatchObject({
      code: 'not_plain',
      why: expect.stringContaining('_signal_history.jsonl'),
    });
  });
});

test.concurrent('a person at a terminal confirms typed answers in one step, and is asked only the rest', async () => {
  const folder = '26-01-15-question-boxes';
  await using bench = await oldFolder(folder);
  await resumeSession({ session: folder }, bench.context);
  const { home, programs } = bench.context;
  const place = { cwd: bench.repo.path, home, programs };
  const { stdout, stderr } = await typed(['answer', folder], { ...place, says: ['y', 'in memory', 'B'] });
  expect(stderr + stdout).toContain('Answered in _qa.md, but not confirmed yet');
  await untilAgent(bench, folder);
  expect((await bench.view(folder)).state.answers).toMatchObject([
    { id: 'R2Q1', text: 'A' },
    { id: 'Q1', text: 'in memory' },
    { id: 'Q2', text: 'B' },
  ]);
});
