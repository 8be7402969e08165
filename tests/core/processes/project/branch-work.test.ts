// @module-tag ci

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { GitOptions } from '../../../../src/core/project/git/git.ts';
import { BranchFacts } from '../../../../src/core/project/proving/branch-facts.ts';
import { touchesFiles } from '../../../../src/core/project/proving/branch-work.ts';
import { branchOf, requireBranchName } from '../../../../src/core/project/worktrees/branch-name.ts';
import { EffectCounter } from '../../../support/counted.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('a commit touches a file in whatever form a plan names its path', async () => {
  await using repo = await makeRepo();
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.commit('Work', { 'app/[slug]/page.tsx': 'x\n' });
  const work = { mainRepo: repo.path, base, tip: await repo.git(['rev-parse', 'HEAD']), baseEnv: repo.env };
  const named = [
    'app/[slug]/page.tsx',
    './app/[slug]/page.tsx',
    './app/',
    'app/[slug]/',
    '.',
    './',
    'app/*.tsx',
  ];
  const found = await Promise.all(named.map((name) => touchesFiles(work, [name])));
  expect(named.filter((_, at) => !found[at])).toEqual([]);
  expect(await touchesFiles(work, ['./other', 'pp'])).toBe(false);
});

const touches = (facts: BranchFacts, file: string, git: GitOptions) =>
  facts.touches([file], git, (path) => path === file);

/** A branch, what it changed since its base, and options for git in its repository. */
async function branched(repo: Awaited<ReturnType<typeof makeRepo>>, files: Record<string, string>) {
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['switch', '--quiet', '-c', 'work']);
  await repo.commit('Work', files);
  const facts = new BranchFacts(base, await repo.git(['rev-parse', 'HEAD']));
  return { facts, git: { cwd: repo.path, baseEnv: repo.env } };
}

test('a file that only the base has changed is touched by no commit of the branch', async () => {
  await using repo = await makeRepo();
  const before = await repo.git(['rev-parse', 'HEAD']);
  await repo.commit('Later', { 'base.txt': 'base\n' });
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['switch', '--quiet', '-c', 'work', before]);
  await repo.commit('Work', { 'own.txt': 'own\n' });
  const facts = new BranchFacts(base, await repo.git(['rev-parse', 'HEAD']));
  const git = { cwd: repo.path, baseEnv: repo.env };
  expect(await facts.paths(git)).toEqual(['base.txt', 'own.txt']);
  expect(await touches(facts, 'base.txt', git)).toBe(false);
  expect(await touches(facts, 'own.txt', git)).toBe(true);
});

test('a file that a commit of the branch changed and a later one changed back is touched', async () => {
  await using repo = await makeRepo();
  const { facts: first, git } = await branched(repo, { 'a.txt': 'a\n', 'b.txt': 'b\n' });
  await repo.git(['rm', '--quiet', 'a.txt']);
  await repo.commit('Back', {});
  const facts = new BranchFacts(first.base, await repo.git(['rev-parse', 'HEAD']));
  expect(await facts.paths(git)).toEqual(['b.txt']);
  expect(await touches(facts, 'a.txt', git)).toBe(true);
});

test('both names of a renamed file count as changed', async () => {
  await using repo = await makeRepo();
  await repo.commit('A file', { 'old.txt': 'one\ntwo\nthree\n' });
  const { facts, git } = await branched(repo, { 'new.txt': 'one\ntwo\nthree\n' });
  await repo.git(['rm', '--quiet', 'old.txt']);
  await repo.commit('Rename', {});
  const renamed = new BranchFacts(facts.base, await repo.git(['rev-parse', 'HEAD']));
  expect(await renamed.paths(git)).toEqual(['new.txt', 'old.txt']);
});

test('what is known about two commits is not asked again', async () => {
  await using repo = await makeRepo();
  const { facts, git } = await branched(repo, { 'src/a.txt': 'a\n', 'src/b.txt': 'b\n' });
  using counter = new EffectCounter('first');
  const ask = async () => [
    await facts.entries(git),
    await facts.changesContent(git),
    await touches(facts, 'src/a.txt', git),
    await touches(facts, 'src/b.txt', git),
    await touches(facts, 'other.txt', git),
  ];
  const first = await ask();
  counter.begin('again');
  expect(await ask()).toEqual(first);
  expect(counter.list('first')).toHaveLength(4);
  expect(counter.list('again')).toEqual([]);
});

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
