// @module-tag ci
import { test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { proveMerge } from '../../../../src/core/worker/finish/merge.ts';
import { tipOfBranch } from '../../../../src/core/worker/judge/check-facts.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

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
