// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { previewRewind } from '../../../../src/core/acts/rewind/preview-rewind.act.ts';
import { takeOverSession } from '../../../../src/core/acts/sessions/take-over-session.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { checkpointRef, START } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { textOf } from '../../../support/event-samples.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { provedEvents } from '../../../support/proved-events.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { NO_GATES, startRig } from '../../../support/session-rig.ts';

const PLAN = '01-08-1000-plan-x.md';
const QA =
  '# Q&A: boats\nStatus: waiting\n\n### Q1: Which colour?\nA) red\nB) blue\n\n**Suggestion:** B\n\n**Answer:** _waiting_\n';
const QUESTION = { session: '26-01-08-x' };
const GATE = { type: 'parked', unconfirmed: [] } as const;
const ASKING = { ...GATE, for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1'] };
const PLANNED = { ...GATE, for: 'plan_approval', resumePhase: 'implementation', openQuestions: [] };

/** A project with one session that has committed, and a checkpoint of its start. */
async function scene(gate?: typeof ASKING | typeof PLANNED) {
  const project = await makeProject({ acting: { clock: quickClock(100), by: { channel: 'cli' } } });
  const { repo, sessionsDir, worktreesDir } = project;
  const base = await repo.git(['rev-parse', 'HEAD']);
  const path = join(worktreesDir, QUESTION.session);
  await repo.git(['worktree', 'add', '-q', '-b', 'samocode/x', path]);
  await writeFile(join(path, 'work.txt'), 'work\n');
  await repo.git(['add', '-A'], path);
  await repo.git(['commit', '-q', '-m', 'Work'], path);
  const commit = await repo.git(['rev-parse', 'HEAD'], path);
  const tree = await repo.git(['rev-parse', 'HEAD^{tree}'], path);
  const file = sessionFileSample({ mainRepo: repo.path, sessionsDir, worktreesDir });
  const checkpoint = await repo.git(['commit-tree', '-p', base, '-m', 'Start', tree]);
  await repo.git(['update-ref', checkpointRef(refNameOf(file), START), checkpoint]);
  const paths = sessionPaths(sessionsDir, QUESTION.session);
  const proved = provedEvents({ proved: { commit, tree, base }, ofFile: file }).map((event) =>
    event.type === 'prepared' && event.worktree ? { ...event, worktree: { ...event.worktree, path } } : event,
  );
  // A session that waits is not done, and its plan has no approval yet.
  const begun = gate ? proved.slice(0, 4) : proved;
  const last = { ...begun.at(-1), ...gate, n: begun.length + 1 } as SessionEvent;
  await laySession(paths, [...begun, ...(gate ? [last] : [])], JSON.stringify(file));
  return { ...project, paths };
}

async function laySession(paths: SessionPaths, events: SessionEvent[], file: string): Promise<void> {
  await mkdir(paths.commands, { recursive: true });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(paths.events, textOf(events));
  await writeFile(paths.sessionFile, file);
  await writeFile(paths.qa, QA);
  await writeFile(
    join(paths.sessionDir, PLAN),
    '# Plan: x\n\n### Phase 1: Hull\nFiles: work.txt\n- [ ] it\n',
  );
}

interface Row {
  act: string;
  programs: number;
  syncs?: number;
  run: (context: ActionContext) => Promise<unknown>;
}

const finishing = (how: Parameters<typeof previewFinish>[0]['how']) => async (context: ActionContext) =>
  expect(await previewFinish({ ...QUESTION, how, keep: [] }, context)).toMatchObject(ALLOWED);

/** A preview of an act that would be refused asks less. */
const ALLOWED = { would: expect.arrayContaining([expect.any(String)]) };

/** What each act starts and waits for, with the reason for what is left. */
const OF_DONE: Row[] = [
  { act: 'list', programs: 0, run: (context) => listSessions({}, context) },
  // The refs, and the commits that only one side has.
  { act: 'status of a done session', programs: 2, run: (context) => getStatus(QUESTION, context) },
  // The third lists its files.
  { act: 'preview of a merge', programs: 3, run: finishing('merge') },
  { act: 'preview of a discard', programs: 2, run: finishing('discard') },
  // Two more: uncommitted files would be lost, and their status hides files that an agent has marked as unchanged.
  { act: 'preview of keeping the branch', programs: 4, run: finishing('keep_branch') },
  { act: 'preview of archiving documents', programs: 0, run: finishing('archive_documents') },
  {
    act: 'preview of a rewind',
    programs: 3,
    run: async (context) =>
      expect(await previewRewind({ ...QUESTION, to: 0 }, context)).toMatchObject(ALLOWED),
  },
  { act: 'take-over that is not needed', programs: 0, run: (context) => takeOverSession(QUESTION, context) },
];

/** A command is durable before a worker is asked for: its file, and its name in the folder. */
const COMMAND = { programs: 0, syncs: 2 };

const OF_ASKING: Row[] = [
  { act: 'list', programs: 0, run: (context) => listSessions({}, context) },
  { act: 'status of a waiting session', programs: 0, run: (context) => getStatus(QUESTION, context) },
  { act: 'read_qa', programs: 0, run: (context) => readQa(QUESTION, context) },
  {
    act: 'answer_qa',
    ...COMMAND,
    run: (context) => unanswered(answerQa({ ...QUESTION, answers: [{ id: 'Q1', text: 'B' }] }, context)),
  },
];

const OF_PLANNED: Row[] = [
  { act: 'read_plan', programs: 0, run: (context) => readPlan(QUESTION, context) },
  {
    act: 'approve_plan',
    ...COMMAND,
    run: async (context) =>
      unanswered(approvePlan({ ...QUESTION, hash: (await readPlan(QUESTION, context)).hash }, context)),
  },
];

/** Without a worker that answers, an act ends as one that is still pending. */
async function unanswered(act: Promise<unknown>): Promise<void> {
  await expect(act).rejects.toMatchObject({ code: 'pending' });
}

describe.each([
  ['done', undefined, OF_DONE],
  ['waiting for answers', ASKING, OF_ASKING],
  ['waiting for approval', PLANNED, OF_PLANNED],
] as const)('of a session that is %s, git and the disk are asked no more than needed:', (_, gate, rows) => {
  let project: TempProject;
  let lease: AsyncDisposable | undefined;

  beforeAll(async () => {
    const { paths, ...made } = await scene(gate);
    project = made;
    // A worker that lives, so that no act starts one.
    if (gate) lease = await acquireLease(paths.leases, made.context);
  });

  afterAll(async () => {
    await lease?.[Symbol.asyncDispose]();
    await project.repo[Symbol.asyncDispose]();
  });

  test.each(rows.map((row) => [row.act, row] as const))('%s', async (act, { programs, syncs = 0, run }) => {
    using counter = new EffectCounter(act);
    await run(project.context);
    expect(counter.of(act), counter.list(act).join('\n')).toEqual({ programs, syncs });
  });
});

const STAYS = [
  { act: 'signal-file', text: '{"status":"continue","phase":"investigation"}' },
  { act: 'result', json: {} },
];
const SCENARIO = {
  rules: [
    { when: { iteration: 2 }, do: [{ act: 'write', path: 'session:some.md', text: 'Some\n' }, ...STAYS] },
    { when: { iteration: 3 }, do: [{ act: 'write', path: 'worktree:work.txt', text: 'work\n' }, ...STAYS] },
    { when: { iteration: [1, 4, 5] }, do: STAYS },
    { when: {}, do: [{ act: 'hang' }] },
  ],
};

/**
 * The settings, the main checkout, which agents without a guard reach, three lists of files; then the checkpoint, since the
 * worker's overview has changed in any case: an update of the documents' index, their tree, a look whether all of the
 * commit is there, its ref.
 */
const OF_GAPS = {
  // The act: the repository, its settings, our places, what is not committed, the worker. There: the settings, the
  // worktree, a clone of its commit, what a checkout makes, the settings then; the main checkout, the settings of the
  // checkpoints, and the first one, of two folders.
  start: { programs: 23, syncs: 18 },
  'agent 2': { programs: 9, syncs: 6 },
  // The worktree's index and tree, too.
  'agent 3': { programs: 11, syncs: 6 },
  'agent 4': { programs: 9, syncs: 6 },
};

test('up to the first agent and between two agents git is asked no more than needed', async () => {
  using counter = new EffectCounter();
  await using rig = await startRig({
    here: true,
    scenario: SCENARIO,
    lines: NO_GATES,
    starting: () => counter.begin('start'),
  });
  await rig.until(({ openIteration }) => openIteration?.iteration === 6);
  await rig.stop('now');
  for (const [agent, counted] of Object.entries(OF_GAPS))
    expect(counter.of(agent), `${agent}\n${counter.list(agent).join('\n')}`).toEqual(counted);
});
