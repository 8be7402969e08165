// @module-tag ci
import { expect, test } from 'vitest';
import type { GitOptions } from '../../../../src/core/project/git/git.ts';
import { BranchFacts } from '../../../../src/core/project/proving/branch-facts.ts';
import { touchesFiles } from '../../../../src/core/project/proving/branch-work.ts';
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
    await facts.seen(git),
    await facts.changesContent(git),
    await touches(facts, 'src/a.txt', git),
    await touches(facts, 'src/b.txt', git),
    await touches(facts, 'other.txt', git),
  ];
  const first = await ask();
  counter.begin('again');
  expect(await ask()).toEqual(first);
  expect(counter.list('first')).toHaveLength(5);
  expect(counter.list('again')).toEqual([]);
});
