import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { decideChecked } from '../../../../src/core/worker/iteration/decide-checked.ts';
import { Evidence } from '../../../../src/core/worker/state/evidence.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { outcomeOf } from '../../../support/phase-facts.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { PREPARED } from '../../unit/session/events.ts';
import { finished } from '../../unit/worker/finished-session.ts';

test('a gate does not open on a base of which no clone can be made: the session blocks with the reason', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  const gone = 'f'.repeat(40);
  const worktree = { path: repo.path, branch: 'main', base: 'main', baseCommit: gone };
  const proving = { in: 'clone' as const, fast: [], copy: [], timeoutMs: 20_000 };
  await worker.writer.append(
    { ...PREPARED, phase: 'requirements', worktree } as NewEvent,
    {
      ...{ type: 'resumed', by: { channel: 'cli' }, phase: 'requirements', resetsCounts: false },
      ...{ checks: ['true'], proving },
    } as NewEvent,
  );
  const signal = { status: 'waiting', phase: 'requirements', for: 'qa_answers' } as const;
  const asks = outcomeOf({ signal: { kind: 'signal', signal }, questions: { asked: 1, open: ['Q1'] } });
  const evidence = new Evidence({ ...worker } as Worker);
  const checked = await decideChecked(evidence, 1, asks);
  expect(checked?.decision).toMatchObject({
    kind: 'block',
    rule: 'base_checks',
    reason: expect.stringContaining('A fresh clone could not be made'),
  });
});
