// @module-tag ci
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { branchOf, requireBranchName } from '../../../../src/core/project/worktrees/branch-name.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test.each([
  ['26-01-08-add-jwt-auth', undefined, 'add-jwt-auth'],
  ['26-01-08-add-jwt-auth', 'ada', 'ada/add-jwt-auth'],
  ['26-01-08-add-jwt-auth', 'team/ada/', 'team/ada/add-jwt-auth'],
  ['no-date', undefined, 'no-date'],
  ['25-12-31-Old Name: v1..2', undefined, 'Old-Name-v1-2'],
  ['25-12-31-größe', undefined, 'größe'],
  ['25-12-31-', undefined, '25-12-31'],
  ['.lock', undefined, 'lock'],
  ['a.lock', undefined, 'a-lock'],
])('the folder "%s" with the prefix %s has the branch %s', (folder, prefix, branch) => {
  expect(branchOf(folder, prefix)).toBe(branch);
});

test('git accepts the branch of any folder name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (folder) => {
      // The rules of git-check-ref-format for one component of a name.
      expect(branchOf(folder)).toMatch(
        /^(?!.*\.\.)(?!.*\.lock$)(?!.*@\{)[^.\s~^:?*[\\/-][^\s~^:?*[\\/]*(?<!\.)$/u,
      );
    }),
  );
});

test.each(['ada/boats', ' boats ', 'größe', 'a.b', 'release-1.2', 'a/b/c'])(
  '%j is accepted as a branch name',
  (name) => {
    expect(requireBranchName(name)).toBe(name.trim());
  },
);

test('a branch name is accepted exactly when git accepts it', async () => {
  await using repo = await makeRepo();
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 12, unit: fc.constantFrom(...'ab./-@{~^:?*[\\ \0\n') }),
      async (name) => {
        const taken = () => requireBranchName(name);
        const { exitCode, stdout } = name.includes('\0')
          ? { exitCode: 1, stdout: '' }
          : await runCommand('git', ['check-ref-format', '--branch', name.trim()], {
              cwd: repo.path,
              env: repo.env,
            });
        // Everywhere else git reads "@" as HEAD, and "@{-1}" as another branch.
        const isItself = stdout.trim() === name.trim() && name.trim() !== '@';
        if (exitCode === 0 && isItself) expect(taken()).toBe(name.trim());
        else expect(taken).toThrow(expect.objectContaining({ code: 'bad_branch_name' }));
      },
    ),
    { numRuns: 200 },
  );
});
