import { expect, test } from 'vitest';
import { formatVerification } from '../../../../../src/core/acts/proof/verify.command.ts';
import type { Verification } from '../../../../../src/core/acts/proof/verify-proof.act.ts';

const as = (text: string) => text;
const style = { good: as, bad: as, dim: as } as Parameters<typeof formatVerification>[1]['style'];
const NO: Verification = {
  verified: false,
  result: 'differs',
  differences: [{ what: 'exit_status', about: 'npm test', expected: '0', found: '1' }],
  checks: [{ command: 'npm test', expected: 0, found: 1 }],
  notRepeated: [],
  requirements: [],
  sandbox: 'none',
};
const HAD_MORE_FILES = 'with uncommitted and ignored files';

test('with CHECK_IN=worktree, a different result is explained by uncommitted and ignored files', () => {
  expect(formatVerification({ ...NO, ranIn: 'worktree' }, { style })).toContain(HAD_MORE_FILES);
  expect(formatVerification(NO, { style })).not.toContain(HAD_MORE_FILES);
  const moved: Verification = { ...NO, differences: [{ what: 'commit', expected: 'a', found: 'b' }] };
  expect(formatVerification({ ...moved, ranIn: 'worktree' }, { style })).not.toContain(HAD_MORE_FILES);
});
