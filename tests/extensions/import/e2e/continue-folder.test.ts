import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import type { Channel } from '../../../../src/core/session/events/bodies/who-acted.ts';
import { approveShown } from '../../../support/approve-shown.ts';
import { answerQa } from '../../../support/as-shown.ts';
import type { Bench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';
import {
  atGateOrRunning,
  decisions,
  eventsOf,
  FOLDER,
  madeFolder,
  overviewAt,
  PLAN,
  PLAN_NAME,
  QA,
  untilAgent,
} from '../old-folders.ts';

const ANSWERED = QA.replace('_waiting_', 'B');
const DIVE = '02-01-0900-dive-boat.md';

/** The files of a chat with dive, task and plan, whose overview names its first phase. */
const prepared = {
  '_overview.md': overviewAt('investigation'),
  [DIVE]: '# Dive: boat\n\n## Summary\nIt sinks.\n',
  '02-01-0930-task-boat.md': '# Task: boat\n\n## Description\nIt floats.\n',
  [PLAN_NAME]: PLAN,
};

const by = ({ context }: Bench, channel: Channel) => ({ ...context, by: { channel } });

describe('a session that was prepared by hand in a chat', () => {
  test(
    'is continued by a worker at implementation, in a separate worktree, once its plan is approved',
    ci,
    async () => {
      await using bench = await madeFolder(prepared);
      const path = join(bench.worktreesDir, FOLDER);
      await bench.repo.git(['worktree', 'add', '-q', '-b', 'samocode/boat', path]);
      await writeFile(join(path, 'hull.txt'), 'by hand\n');
      await bench.repo.git(['-C', path, 'add', 'hull.txt']);
      await bench.repo.git(['-C', path, 'commit', '-q', '-m', 'Begin the hull']);

      const from = join(bench.sessionsDir, FOLDER, '/');
      const { view, file } = await startSession({ from, phase: 'implementation' }, bench.context);
      expect(file).toMatchObject({ task: 'Teach the boat to float.', takenOver: { totalIterations: 0 } });
      expect(view.folder).toBe(FOLDER);
      await atGateOrRunning(bench, FOLDER);
      await approveShown(FOLDER, bench.context);
      expect(await untilAgent(bench, FOLDER)).toEqual([
        'waits for plan_approval',
        'plan approved by cli',
        'implementation runs',
      ]);
      const approved = (await eventsOf(bench, FOLDER)).find(({ type }) => type === 'plan_approved');
      expect(approved).toMatchObject({ by: { channel: 'cli' }, plan: { name: PLAN_NAME } });

      const { state } = await eventually(
        async () => {
          const now = await bench.view(FOLDER);
          return now.state.status.kind === 'done' ? now : undefined;
        },
        { withinMs: 480_000 },
      );
      expect(state.worktree).toMatchObject({ path, branch: 'samocode/boat' });
      expect(await bench.repo.git(['log', '--format=%s', 'main..samocode/boat'])).toMatch(/Begin the hull$/);
      const events = await eventsOf(bench, FOLDER);
      const ran = events.flatMap((event) => (event.type === 'iteration_started' ? [event.phase] : []));
      expect(ran.filter((phase) => ['investigation', 'requirements', 'planning'].includes(phase))).toEqual(
        [],
      );
      const overview = await readFile(join(bench.sessionsDir, FOLDER, '_overview.md'), 'utf8');
      expect(overview).toContain(`Plan approved by a person, in the terminal: ${PLAN_NAME}`);
    },
  );

  test('gets its answers recorded with the approval of its plan and requirements, by the same channel', async () => {
    const requirements = [{ id: 'R1', text: 'It floats.', check: 'reviewed' }];
    const ledger = { '_requirements.json': JSON.stringify({ requirements }) };
    await using bench = await madeFolder({ ...prepared, ...ledger, '_qa.md': ANSWERED });
    await startSession({ from: FOLDER, phase: 'implementation' }, bench.context);
    await atGateOrRunning(bench, FOLDER);
    const { hash } = await readPlan({ session: FOLDER }, bench.context);
    await approvePlan({ session: FOLDER, hash }, by(bench, 'tool'));
    expect(await untilAgent(bench, FOLDER)).toEqual([
      'waits for plan_approval',
      'answers by tool',
      'plan approved by tool',
      'implementation runs',
    ]);
  });

  test.each([
    ['with answers', { ...prepared, '_qa.md': ANSWERED }, { confirmTyped: true }],
    ['without a question', prepared, { acceptSuggestions: true }],
  ])('waits at planning %s for one act', async (_, files, one) => {
    await using bench = await madeFolder(files);
    await startSession({ from: FOLDER, phase: 'planning' }, bench.context);
    const { state } = await atGateOrRunning(bench, FOLDER);
    expect(state.status).toMatchObject({ for: 'qa_answers', openQuestions: ['Q1'] });
    await answerQa({ session: FOLDER, answers: [], ...one }, bench.context);
    const made = await untilAgent(bench, FOLDER);
    expect(made).toEqual(['waits for qa_answers', 'answers by cli', 'planning runs']);
  });

  test('waits at planning for an open question', async () => {
    await using bench = await madeFolder({ ...prepared, '_qa.md': QA });
    await startSession({ from: FOLDER, phase: 'planning' }, bench.context);
    const { state } = await atGateOrRunning(bench, FOLDER);
    expect(state.status).toMatchObject({ for: 'qa_answers', openQuestions: ['Q1'] });
  });

  test('is prepared at its phase without a run, and no agent starts', async () => {
    await using bench = await madeFolder(prepared);
    await startSession({ from: FOLDER, phase: 'implementation', run: false }, bench.context);
    await atGateOrRunning(bench, FOLDER);
    await approveShown(FOLDER, bench.context);
    const { state } = await eventually(async () => {
      const now = await bench.view(FOLDER);
      return now.state.status.kind === 'stopped' ? now : undefined;
    });
    expect(state).toMatchObject({ progress: { phase: 'implementation' }, worktree: { branch: 'boat' } });
  });
});

describe('a channel that GATE_CHANNELS excludes', () => {
  const people = { GATE_CHANNELS: 'cli' };

  test('may continue it up to the gate, which a person then opens', async () => {
    await using bench = await madeFolder({ ...prepared, '_qa.md': ANSWERED }, people);
    await startSession({ from: FOLDER, phase: 'implementation' }, by(bench, 'tool'));
    await atGateOrRunning(bench, FOLDER);
    await expect(approvePlan({ session: FOLDER, hash: undefined }, by(bench, 'tool'))).rejects.toMatchObject({
      code: 'channel_closed',
    });
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(['waits for plan_approval']);
    await approveShown(FOLDER, bench.context);
    expect((await untilAgent(bench, FOLDER)).at(-1)).toBe('implementation runs');
  });

  test('cannot skip answers by naming a later phase', async () => {
    await using bench = await madeFolder({ ...prepared, '_qa.md': ANSWERED }, people);
    await startSession({ from: FOLDER, phase: 'planning' }, by(bench, 'tool'));
    await atGateOrRunning(bench, FOLDER);
    expect(decisions(await eventsOf(bench, FOLDER))).toEqual(['waits for qa_answers']);
  });
});

describe('nothing is started', () => {
  test.each([
    ['for another task', { from: FOLDER, task: 'x', name: 'y' }, 'from_excludes', 'task, name'],
    ['at a phase without a folder', { task: 'x', phase: 'planning' }, 'from_missing', 'from'],
    ['at an unknown phase', { from: FOLDER, phase: 'sailing' }, 'bad_phase', 'investigation, requirements'],
    ['from another folder', { from: `/somewhere/${FOLDER}` }, 'not_in_sessions', '/somewhere'],
    ['from a missing folder', { from: 'nowhere' }, 'folder_not_found', FOLDER],
  ])('%s', async (_, input, code, words) => {
    await using bench = await madeFolder(prepared);
    const refusal = await startSession(input, bench.context).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code });
    expect(JSON.stringify(refusal) + String(refusal)).toContain(words);
    expect((await listSessions({}, bench.context)).unimported.join()).toContain(FOLDER);
  });

  test('from a folder that a worker has already used', async () => {
    await using bench = await madeFolder(prepared);
    await startSession({ from: FOLDER, phase: 'implementation' }, bench.context);
    await atGateOrRunning(bench, FOLDER);
    const again = startSession({ from: FOLDER }, bench.context);
    await expect(again).rejects.toMatchObject({ code: 'run_already' });
  });
});
