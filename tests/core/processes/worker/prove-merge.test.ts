// @module-tag ci
import { expect, test } from 'vitest';
import type { Proving } from '../../../../src/core/kernel/phases/proving.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { proveMerge } from '../../../../src/core/worker/finish/merge.ts';
import { tipOfBranch } from '../../../../src/core/worker/judge/check-facts.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

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
