// @module-tag ci
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Proving } from '../../../../src/core/kernel/phases/proving.ts';
import { mergeRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { fastForward } from '../../../../src/core/project/finishing/fast-forward.ts';
import { type Command, leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { MergeEnd } from '../../../../src/core/session/events/bodies/positions.ts';
import type { Channel } from '../../../../src/core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { takeCommands } from '../../../../src/core/worker/commands/take-commands.ts';
import { proveMerge } from '../../../../src/core/worker/finish/merge.ts';
import { performWork } from '../../../../src/core/worker/finish/perform.ts';
import { tipOfBranch } from '../../../../src/core/worker/judge/check-facts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { ofTip } from '../../../support/as-shown.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { LEFT } from '../../unit/session/events.ts';
import { DONE, type FinishedPlan, finished } from '../../unit/worker/finished-session.ts';

const CLI = { channel: 'cli' } as const;
const HEAD = { v: 1, at: '2026-01-08T10:00:00.000Z' } as const;
const ASKED: NewEvent = { type: 'finish_asked', work: { kind: 'merge', by: CLI, into: 'main' } };

const merge = (channel: Channel = 'cli'): Command => ({
  ...HEAD,
  id: '01KEE000000000000000000001',
  by: { channel },
  kind: 'merge',
});

const lastEnd = async ({ paths }: TempLog) =>
  (await readEvents(paths, 0)).findLast((event) => event.type === 'merge_ended') as MergeEnd | undefined;

test('a merge is recorded as requested, then done, and a second one at the same time is refused', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  await leaveCommand(log.paths, await ofTip(worker, merge()));
  await leaveCommand(log.paths, { ...(await ofTip(worker, merge())), id: '01KEE000000000000000000002' });
  const before = await repo.git(['rev-parse', 'main']);
  await takeCommands(worker, 'no_agent');
  expect(worker.writer.state.work).toEqual({ kind: 'merge', by: CLI, into: 'main', effects: [] });
  expect(await repo.git(['rev-parse', 'main'])).toBe(before);
  await performWork(worker);
  await takeCommands(worker, 'no_agent');
  const refused = (await readEvents(log.paths, 0)).filter(({ type }) => type === 'command_refused');
  // It is taken during the merge or after it.
  const code = expect.stringMatching(/^(?:busy|nothing_to_merge)$/);
  expect(refused).toMatchObject([{ kind: 'merge', code }]);
  const tip = await repo.git(['rev-parse', 'samocode/x']);
  expect(await lastEnd(log)).toMatchObject({
    outcome: 'merged',
    into: 'main',
    tip,
    onto: before,
    commit: tip,
  });
  expect(worker.writer.state).toMatchObject({ status: { kind: 'done' }, lastMerge: { outcome: 'merged' } });
  expect(worker.writer.state.work).toBeUndefined();
  expect(await repo.git(['status', '--porcelain'])).toBe('');
  expect(existsSync(join(repo.path, 'a.txt'))).toBe(true);
});

test.each<[string, FinishedPlan, Command, string]>([
  ['through a channel that opens no gate', { gateChannels: ['cli'] }, merge('tool'), 'channel_closed'],
  [
    'of a session that is not done',
    { events: [{ type: 'stopped', by: CLI, why: 'x' }] },
    merge(),
    'not_done_yet',
  ],
  ['without a branch as its base', { base: 'HEAD' }, merge(), 'no_base_branch'],
  [
    'of an archived session',
    { events: [DONE, { type: 'archived', by: CLI, what: 'session', moved: [], to: 'x' }, LEFT] },
    merge(),
    'archived',
  ],
])('a merge %s is refused', async (_, plan, command, code) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, plan);
  await leaveCommand(log.paths, command);
  await takeCommands(worker, 'no_agent');
  expect((await readEvents(log.paths, 0)).at(-1)).toMatchObject({ type: 'command_refused', code });
});

test('a base that is behind its remote is merged as it is on the remote', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { base: 'origin/main' });
  const first = await repo.git(['rev-parse', 'main']);
  const theirs = await repo.commit('Theirs', { 'b.txt': 'theirs\n' });
  await repo.git(['update-ref', 'refs/remotes/origin/main', theirs]);
  await repo.git(['reset', '--quiet', '--hard', first]);
  await leaveCommand(log.paths, await ofTip(worker, merge()));
  await takeCommands(worker, 'no_agent');
  await performWork(worker);
  expect(await lastEnd(log)).toMatchObject({ outcome: 'merged', onto: theirs });
  expect(await repo.git(['ls-files'])).toBe('README.md\na.txt\nb.txt');
});

test('conflicts are recorded with the next step, and the session remains done', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { files: { 'README.md': 'ours\n' }, events: [DONE, ASKED] });
  const theirs = await repo.commit('Theirs', { 'README.md': 'theirs\n' });
  await performWork(worker);
  expect(await lastEnd(log)).toMatchObject({
    outcome: 'conflicts',
    files: ['README.md'],
    commands: [
      `git -C '${join(repo.root, 'worktree of samocode x')}' merge main`,
      expect.stringContaining('commit'),
      expect.stringContaining('samocode finish'),
    ],
  });
  expect(await repo.git(['rev-parse', 'main'])).toBe(theirs);
  expect(worker.writer.state.status.kind).toBe('done');
});

test('a merge whose worker died before the base moved is started again; after that it is only recorded', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { events: [DONE, ASKED] });
  const from = await repo.git(['rev-parse', 'main']);
  const to = await repo.git(['rev-parse', 'samocode/x']);
  const ref = mergeRef(refNameOf(worker.file));
  await repo.git(['update-ref', ref, to]);
  await fastForward({ mainRepo: repo.path, baseEnv: repo.env, branch: 'main', from, to, ref });
  await performWork(worker);
  expect(await lastEnd(log)).toMatchObject({ outcome: 'merged', commit: to });
  expect(await repo.git(['rev-parse', 'main'])).toBe(to);
});

test('two sessions that merge at once both end up in the base', async () => {
  await using one = await tempLog();
  await using two = await tempLog();
  await using repo = await makeRepo();
  const workers = [
    await finished(one, repo, { branch: 'samocode/one', files: { 'one.txt': '1\n' }, events: [DONE, ASKED] }),
    await finished(two, repo, { branch: 'samocode/two', files: { 'two.txt': '2\n' }, events: [DONE, ASKED] }),
  ];
  await Promise.all(workers.map((worker) => performWork(worker)));
  const ends = [await lastEnd(one), await lastEnd(two)];
  expect(ends.map((end) => end?.outcome)).toEqual(['merged', 'merged']);
  expect(await repo.git(['ls-files'])).toBe('README.md\none.txt\ntwo.txt');
  expect(await repo.git(['status', '--porcelain'])).toBe('');
});

test('with CHECK_IN=worktree a merge passes only if the branch is unchanged since its last green run', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  const proving: Proving = { in: 'worktree', fast: [], copy: [], timeoutMs: 1000 };
  await worker.writer.append({
    ...{ type: 'resumed', by: { channel: 'cli' }, phase: 'done', resetsCounts: false },
    ...{ checks: ['npm test'], proving },
  } as NewEvent);
  const onto = await repo.git(['rev-parse', 'main']);
  const tip = await tipOfBranch(worker);
  const merge = () => proveMerge(worker, { commit: tip.commit, onto, into: 'main', tip });
  const ran = (commit: string, how?: string): NewEvent => ({
    ...{ type: 'checks_ran', set: 'full', in: 'worktree', commit, tree: tip.tree, sandbox: 'none' },
    runs: [{ command: 'npm test', how, exitCode: how ? 1 : 0, durationMs: 1, outputHash: 'h' }].map(
      (run) => ({
        ...run,
        ...{ outputBytes: 0, output: 'o' },
      }),
    ),
  });
  const moved = { kind: 'unchecked', reason: expect.stringContaining('since its checks last passed') };
  expect(await merge()).toMatchObject(moved);
  await worker.writer.append(ran(onto));
  expect(await merge()).toMatchObject(moved);
  await worker.writer.append(ran(tip.commit));
  expect(await merge()).toMatchObject({ kind: 'passed' });
  await worker.writer.append(ran(tip.commit, 'exit status 1'));
  expect(await merge()).toMatchObject(moved);
});

const CHECK = 'test -e fixed && test ! -e a.txt || exit 3';
const BY = { channel: 'cli' } as const;

/** The check was red on the base, and a person let it stay so. */
function leftRed(commit: string, check = CHECK): NewEvent[] {
  const proving = { in: 'clone' as const, fast: [], copy: [], timeoutMs: 20_000 };
  const ended = { command: check, exitCode: 3, how: 'exit status 3', durationMs: 1 };
  const run = { ...ended, outputHash: 'h', outputBytes: 0, output: 'o' };
  return [
    { type: 'resumed', by: BY, phase: 'done', resetsCounts: false, checks: [check], proving },
    { type: 'checks_ran', set: 'base', in: 'clone', commit, tree: commit, sandbox: 'none', runs: [run] },
    {
      ...{ type: 'parked', for: 'qa_answers', resumePhase: 'done', openQuestions: ['Q1'] },
      ...{ unconfirmed: [], asks: [{ kind: 'red_base', question: 'x', keys: [] }] },
    },
    {
      type: 'answers_recorded',
      by: BY,
      open: [],
      answers: [{ id: 'Q1', question: 'x', text: 'B', choice: 'B' }],
    },
  ];
}

test.for([
  ['is as red there now', 'other', { kind: 'passed' }, [true, 3]],
  [
    'was repaired there meanwhile, and the work breaks it',
    'fixed',
    { kind: 'failed', reason: /\(exit status 3; on the base commit it passes now; output: / },
    [undefined, 0],
  ],
] as const)(
  'a check that a person let stay red decides on a merge by the branch merged into: it %s',
  async ([, name, { kind, ...end }, [redBefore, exitCode]], { expect }) => {
    await using log = await tempLog();
    await using repo = await makeRepo();
    const began = await repo.git(['rev-parse', 'main']);
    const worker = { ...(await finished(log, repo)), environment: { isJoined: true } } as Worker;
    await worker.writer.append(...leftRed(began));
    await repo.commit('Meanwhile', { [name]: 'x\n' });
    const onto = await repo.git(['rev-parse', 'main']);
    const tip = await tipOfBranch(worker);
    await repo.git(['merge', '--quiet', '--no-edit', 'samocode/x']);
    const commit = await repo.git(['rev-parse', 'main']);
    const proof = await proveMerge(worker, { commit, onto, into: 'main', tip });
    expect(proof.kind).toBe(kind);
    if ('reason' in end) expect(proof).toMatchObject({ reason: expect.stringMatching(end.reason) });
    const [ran] = proof.events.filter((event) => event.type === 'checks_ran');
    expect(ran?.runs.map(({ command, redBefore }) => [command, redBefore])).toEqual([[CHECK, redBefore]]);
    expect(ran?.onBase).toMatchObject({ commit: onto, runs: [{ command: CHECK, exitCode }] });
  },
);

test('the answer that a failure is that of the base holds for these two outputs alone, and is asked for once', async ({
  expect,
}) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const check = 'cat a.txt 2>&1; exit 3';
  const onto = await repo.git(['rev-parse', 'main']);
  const worker = { ...(await finished(log, repo)), environment: { isJoined: true } } as Worker;
  await worker.writer.append(...leftRed(onto, check));
  const merge = async () => {
    const tip = await tipOfBranch(worker);
    const proof = await proveMerge(worker, { commit: tip.commit, onto, into: 'main', tip });
    const [ran] = proof.events.filter((event) => event.type === 'checks_ran');
    return { kind: proof.kind, others: ran?.onBase?.others, ran };
  };
  const { ran, ...first } = await merge();
  expect(first).toMatchObject({
    kind: 'failed',
    others: [{ command: check, onBranch: 'work', onBase: expect.stringContaining('a.txt') }],
  });
  await worker.writer.append(
    { ...ran, set: 'full' } as NewEvent,
    {
      ...{ type: 'parked', for: 'qa_answers', resumePhase: 'done', openQuestions: ['Q2'] },
      ...{ unconfirmed: [], asks: [{ kind: 'other_failure', question: 'y', keys: [check] }] },
    },
    {
      type: 'answers_recorded',
      by: BY,
      open: [],
      answers: [{ id: 'Q2', question: 'y', text: 'B', choice: 'B' }],
    },
  );
  expect(await merge()).toMatchObject({ kind: 'passed', others: undefined });
  await repo.git(['switch', '--quiet', '--ignore-other-worktrees', 'samocode/x']);
  await repo.commit('More work', { 'a.txt': 'other work\n' });
  expect(await merge()).toMatchObject({ kind: 'failed', others: undefined });
});
