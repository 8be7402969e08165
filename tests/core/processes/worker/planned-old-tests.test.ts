import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { squareOfWork, tipOfBranch } from '../../../../src/core/worker/judge/check-facts.ts';
import { triedOldTests } from '../../../../src/core/worker/judge/old-tests.ts';
import { Evidence } from '../../../../src/core/worker/state/evidence.ts';
import { ci } from '../../../support/ci.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

const PLAN = '01-08-1000-plan-boats.md';
const TEXT =
  '# Plan: Boats\n\n## Old tests that change\n- tests/f.sh: two is right now\n- check.sh: it as well\n';

test.each([
  ['a person', 'cli', ['tests/f.sh'], 'unneeded'],
  ['a model alone', 'tool', [], 'broken'],
] as const)('an old test that a plan takes away, approved by %s', ci, async (_, channel, planned, kind) => {
  await using log = await tempLog();
  const files = { 'src/f.sh': 'echo 1\n', 'tests/f.sh': 'test "$(sh src/f.sh)" = 1\n' };
  await using repo = await makeRepo({ files });
  const proving = { in: 'clone', fast: [], copy: [], timeoutMs: 20_000 };
  const resumed = { type: 'resumed', by: { channel: 'cli' }, phase: 'testing', resetsCounts: false };
  const worker = await finished(log, repo, {
    files: { 'src/f.sh': 'echo 2\n', 'tests/f.sh': 'test "$(sh src/f.sh)" = 2\n' },
    events: [{ ...resumed, checks: ['sh tests/f.sh'], proving } as NewEvent],
  });
  Object.assign(worker, { environment: { isJoined: true } });
  await writeFile(join(worker.paths.sessionDir, PLAN), TEXT);
  const plan = { name: PLAN, hash: planHash(TEXT) };
  await worker.writer.append({ type: 'plan_approved', by: { channel }, plan, phase: 'testing' });
  const tip = await tipOfBranch(worker);
  const tried = await triedOldTests(new Evidence(worker), {
    ...{ iteration: 1, tip, isLast: true, proof: { kind: 'passed', events: [] } },
    square: async () => await squareOfWork(worker, tip),
  });
  expect([tried?.old.kind, tried?.planned.map(({ path }) => path)]).toEqual([kind, planned]);
});
