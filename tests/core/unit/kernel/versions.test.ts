import { expect, test } from 'vitest';
import { isOlder } from '../../../../src/core/kernel/versions.ts';

test('versions are compared by number, ignoring text around them', () => {
  expect(isOlder('2.1.99 (Claude Code)', '2.1.197')).toBe(true);
  expect(isOlder('codex-cli 0.169.0', '0.169.0')).toBe(false);
  expect(isOlder('0.61', '0.61.0')).toBe(false);
  expect(isOlder('v20.20.2', '20.19.0')).toBe(false);
  expect(isOlder('1.0', '1.0.1')).toBe(true);
});
