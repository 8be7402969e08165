import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { proveMerge } from '../../../../src/core/worker/finish/merge.ts';
import { tipOfBranch } from '../../../../src/core/worker/judge/check-facts.ts';
import { ci } from '../../../support/ci.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { IDENTITY, makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

const LINES = '# one\n# two\n# three\n# four\n';
const FILES = { 'src/f.sh': 'echo 1\n', 'tests/f.sh': LINES };
/** The branch changes what no test of its base looks at, and ends its test early. */
const WORK = { 'src/f.sh': 'echo 2\n', 'tests/f.sh': `exit 0\n${LINES}` };
const PROMISE = 'test "$(sh src/f.sh)" = 1\n';

async function merged(repo: TempRepo, theirs: Record<string, string>) {
  await using log = await tempLog();
  const proving = { in: 'clone', fast: [], copy: [], timeoutMs: 20_000 };
  const resumed = { type: 'resumed', by: { channel: 'cli' }, phase: 'testing', resetsCounts: false };
  const worker = await finished(log, repo, {
    files: WORK,
    events: [{ ...resumed, checks: ['sh tests/f.sh'], proving } as NewEvent],
  });
  Object.assign(worker, { environment: { isJoined: true } });
  const onto = await repo.commit('Theirs', theirs);
  await repo.git(['switch', '-q', '--detach', 'main']);
  await repo.git([...IDENTITY, 'merge', '-q', '--no-edit', 'samocode/x']);
  const commit = await repo.git(['rev-parse', 'HEAD']);
  const { events, ...proof } = await proveMerge(worker, {
    ...{ commit, onto, into: 'main' },
    tip: await tipOfBranch(worker),
  });
  const cells = events.filter((event) => event.type === 'checks_ran' && event.cell !== undefined);
  return { proof, cells: cells.length };
}

test('a merge in which both changed a test fails if that of the base does not hold', ci, async () => {
  await using repo = await makeRepo({ files: FILES });
  expect(await merged(repo, { 'tests/f.sh': `${LINES}${PROMISE}` })).toEqual({
    proof: {
      kind: 'failed',
      reason:
        'Both "main" and the session changed tests, and with the tests of the base `sh tests/f.sh` fails (exit status 1). Nothing was changed.',
    },
    cells: 1,
  });
});

test('a merge runs no test of the base again if only one side changed it', async () => {
  await using repo = await makeRepo({ files: FILES });
  expect(await merged(repo, { 'other.txt': 'x\n' })).toEqual({ proof: { kind: 'passed' }, cells: 0 });
});
