import { expect, test } from 'vitest';
import { parseWorktreeList } from '../../../../src/core/project/git/worktree-list.ts';

test('bare, detached, vanished and locked worktrees are distinguished', () => {
  const text = [
    'worktree /a b\nbare',
    'worktree /c\nHEAD 1234\nbranch refs/heads/team/x\nlocked on a stick',
    'worktree /d\nHEAD 5678\ndetached\nprunable gitdir file points to non-existent location',
  ].join('\n\n');
  expect(parseWorktreeList(`${text}\n\n`)).toEqual([
    { path: '/a b', prunable: false },
    { path: '/c', head: '1234', branch: 'team/x', prunable: false, locked: 'on a stick' },
    { path: '/d', head: '5678', prunable: true },
  ]);
});
