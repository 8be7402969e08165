import { expect, test } from 'vitest';
import { formatVerification } from '../../../src/acts/proof/verify.command.ts';
import type { Verification } from '../../../src/acts/proof/verify-proof.act.ts';

const as = (text: string) => text;
const style = { good: as, bad: as, dim: as } as Parameters<typeof formatVerification>[1]['style'];
const NO: Verification = {
  verified: false,
  differences: [{ what: 'exit_status', about: 'npm test', expected: '0', found: '1' }],
  checks: [{ command: 'npm test', expected: 0, found: 1 }],
  sandbox: 'none',
};
const TOOK_PART = 'with uncommitted and ignored files';

test('a check that ran with CHECK_IN=worktree and ends differently on a clone is reported as having had other files', () => {
  expect(formatVerification({ ...NO, ranIn: 'worktree' }, { style })).toContain(TOOK_PART);
  expect(formatVerification(NO, { style })).not.toContain(TOOK_PART);
  const moved: Verification = { ...NO, differences: [{ what: 'commit', expected: 'a', found: 'b' }] };
  expect(formatVerification({ ...moved, ranIn: 'worktree' }, { style })).not.toContain(TOOK_PART);
});
