import { expect, test } from 'vitest';
import { formatChanges, type SessionChanges } from '../../../../../src/core/acts/reading/read-changes.act.ts';

const CHANGES = {
  since: 'main',
  commits: { commits: [], total: 0 },
  stat: { files: [], fileCount: 0, insertions: 0, deletions: 0 },
  uncommitted: [],
  outsidePlan: [],
};

const formatted = (more: object) => formatChanges({ ...CHANGES, ...more } as unknown as SessionChanges);

test('a diff that is cut says so at its end, and a whole one is as git wrote it', () => {
  expect(formatted({ patch: { text: '+a\n', truncated: false } })).toBe('+a\n');
  expect(formatted({ patch: { text: '+a', truncated: true } })).toMatch(/^\+a\n\[The diff is cut here/);
});

test('marks that are missing because the list behind them is cut are mentioned', () => {
  const outsidePlan = Array.from({ length: 100 }, (_, at) => `${at}.txt`);
  expect(formatted({ outsidePlan })).toContain('(100 files at most are marked as not in the plan)');
  expect(formatted({ outsidePlan: outsidePlan.slice(1) })).not.toContain('at most');
});
