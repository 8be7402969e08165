import { appendFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { requireOwnPlaces } from '../../../../src/core/project/finding/own-places.ts';
import {
  changesContent,
  hasSameCode,
  linksOutside,
} from '../../../../src/core/project/proving/branch-work.ts';
import {
  changedEntries,
  changesOfChecks,
  diffOfWeakened,
  linesChanged,
} from '../../../../src/core/project/proving/weakened-read.ts';
import { changedPaths, diffStat, diffsBetween } from '../../../../src/core/project/worktrees/changes.ts';
import { uncommittedIn } from '../../../../src/core/project/worktrees/inspect-worktree.ts';
import { usersRefs } from '../../../../src/core/sandbox/private-git/private-git.ts';
import { ci } from '../../../support/ci.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const MANY = 90_000;
/** Names so long that any list of them is more than the 16 MB which are kept of git's output. */
const LONG = ['generated', 'from', 'schema'].map((name) => name.padEnd(70, '-and-so-on')).join('/');
const TEST = "test('adds', () => {});\n".repeat(3);
const FILES = { 'tests/a.test.js': TEST, 'tests/b.test.js': TEST, 'src/a.js': 'export {};\n' };

interface Work {
  folder: string;
  /** The name and the content of each of the many files. */
  name?: (at: number) => string;
  text?: (at: number) => string;
  deleted?: string[];
}

/** A branch with very many files more, made without writing each of them into a worktree. */
async function withMany(repo: TempRepo, { folder, name, text, deleted = [] }: Work) {
  const base = await repo.git(['rev-parse', 'HEAD']);
  const data = (content: string) => `data ${Buffer.byteLength(content)}\n${content}\n`;
  const input = [
    `blob\nmark :1\n${data('the same in all\n')}`,
    `commit refs/heads/work\ncommitter x <x@example.invalid> 0 +0000\n${data('Work')}from ${base}\n`,
    ...deleted.map((path) => `D ${path}\n`),
    ...Array.from({ length: MANY }, (_, at) => {
      const path = pathOf(folder, at, name);
      return text ? `M 100644 inline ${path}\n${data(text(at))}` : `M 100644 :1 ${path}\n`;
    }),
  ];
  const args = ['fast-import', '--quiet', '--force'];
  await runCommand('git', args, { cwd: repo.path, env: repo.env, input: input.join('') });
  const tip = await repo.git(['rev-parse', 'work']);
  const git = { cwd: repo.path, baseEnv: repo.env };
  return { mainRepo: repo.path, base, commit: tip, tip, head: tip, ...git };
}

const plain = (at: number) => `file-${at}.txt`;

/** git is slow to make a folder of very many files. */
function pathOf(folder: string, at: number, name = plain): string {
  return `${folder}/${LONG}/${String(Math.floor(at / 300)).padStart(3, '0')}/${name(at)}`;
}

async function weakenedIn(work: Awaited<ReturnType<typeof withMany>>): Promise<string[]> {
  const { weakened } = await changesOfChecks(work, work);
  return weakened.map(({ path, what }) => `${path} ${what}`);
}

test.each(['fixtures', 'zz'])('a test deleted beside 90,000 files in %s is found', ci, async (folder) => {
  await using repo = await makeRepo({ files: FILES });
  const work = await withMany(repo, { folder, deleted: ['tests/a.test.js'] });
  expect(await weakenedIn(work)).toEqual(['tests/a.test.js is deleted']);
});

test('90,000 vendored files weaken nothing, and their tests are among the files of checks', async () => {
  await using repo = await makeRepo({ files: FILES });
  const work = await withMany(repo, {
    folder: 'vendor',
    name: (at) => `file_${at}${at % 3 === 0 ? '_test' : ''}.go`,
    text: (at) => `package p${at}\n\nfunc Test${at}(t *testing.T) {}\n`,
  });
  const { weakened, files } = await changesOfChecks(work, work);
  expect(weakened).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(MANY / 3);
});

test('90,000 files in a folder of installed packages are one finding', async () => {
  await using repo = await makeRepo({ files: FILES });
  const work = await withMany(repo, { folder: 'node_modules' });
  expect(await weakenedIn(work)).toEqual([`node_modules has ${MANY} changed files that checks may run`]);
});

test('more text of tests than memory should hold is compared to its end', async () => {
  const long = (at: number) => `${'/'.repeat(1_000_000)}\n// ${at}\n${TEST}`;
  const names = Array.from({ length: 75 }, (_, at) => `tests/${at}.test.js`);
  const all = (suffix: string) => Object.fromEntries(names.map((name, at) => [name, `${long(at)}${suffix}`]));
  await using repo = await makeRepo({ files: all('') });
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.commit('Work', { ...all('// more\n'), 'tests/9.test.js': TEST.replace('test(', 'test.skip(') });
  const git = { cwd: repo.path, baseEnv: repo.env };
  const commits = { mainRepo: repo.path, base, commit: await repo.git(['rev-parse', 'HEAD']) };
  const { weakened } = await changesOfChecks(commits, git);
  expect(weakened.map(({ path, what }) => `${path} ${what}`)).toEqual([
    'tests/9.test.js runs 2 tests instead of 3',
  ]);
});

test('lists of changes name or count every file', async () => {
  await using repo = await makeRepo({ files: FILES });
  const work = await withMany(repo, { folder: 'fixtures', deleted: ['tests/a.test.js'] });
  const stat = await diffStat(work, 5);
  expect(stat).toMatchObject({ fileCount: MANY + 1, insertions: MANY, deletions: 3 });
  expect(stat.files).toHaveLength(5);
  expect((await changedPaths(work)).slice(-2)).toEqual([pathOf('fixtures', MANY - 1), 'tests/a.test.js']);
  const pairs = [{ commit: work.tip, before: work.base }];
  const between = await diffsBetween(pairs, {
    cwd: repo.path,
    baseEnv: repo.env,
    maxChars: 1000,
    maxFiles: 5,
  });
  expect(between.get(work.tip)).toEqual(stat);
});

test('an uncommitted file behind 90,000 others is seen', async () => {
  await using repo = await makeRepo({ files: FILES });
  const work = await withMany(repo, { folder: 'fixtures' });
  // To git, all of them are deleted, without a file on this disk.
  await repo.git(['symbolic-ref', 'HEAD', 'refs/heads/work']);
  await writeFile(join(repo.path, 'zz.txt'), 'work');
  const entries = await uncommittedIn(repo.path, work);
  expect(entries).toHaveLength(MANY + 1);
  expect(entries.at(-1)).toEqual({ kind: 'untracked', path: 'zz.txt' });
});

test('a place with tracked files is found beside a megabyte of other names', async () => {
  await using repo = await makeRepo({ files: FILES });
  const work = await withMany(repo, { folder: 'a' });
  await repo.git(['update-ref', 'refs/heads/main', work.tip]);
  await repo.git(['read-tree', work.tip]);
  const places = { mainRepo: repo.path, worktrees: join(repo.path, 'b'), sessions: join(repo.path, 'tests') };
  await expect(requireOwnPlaces(places, work)).rejects.toMatchObject({
    code: 'place_not_ours',
    message: expect.stringContaining('tests/'),
  });
});

test('90,000 empty files are no content, and one line behind them is', async () => {
  await using repo = await makeRepo({ files: FILES });
  const empty = await withMany(repo, { folder: 'fixtures', text: () => '' });
  expect(await changesContent(empty)).toBe(false);
  await repo.git(['symbolic-ref', 'HEAD', 'refs/heads/work']);
  await repo.git(['reset', '-q']);
  await writeFile(join(repo.path, 'zz.txt'), 'a line\n');
  await repo.git(['update-index', '--add', 'zz.txt']);
  await repo.git(['commit', '-q', '-m', 'Line']);
  expect(await changesContent({ ...empty, tip: await repo.git(['rev-parse', 'HEAD']) })).toBe(true);
});

test('90,000 added documents change no code', async () => {
  await using repo = await makeRepo({ files: FILES });
  const name = (at: number) => `${at}.md`;
  expect(await hasSameCode(await withMany(repo, { folder: 'fixtures', name }))).toBe(true);
  const deleted = ['tests/a.test.js'];
  expect(await hasSameCode(await withMany(repo, { folder: 'fixtures', name, deleted }))).toBe(false);
});

test('a link that leads outside is found among hundreds', async () => {
  await using repo = await makeRepo({ files: FILES });
  const base = await repo.git(['rev-parse', 'HEAD']);
  for (let at = 0; at < 300; at += 1) await symlink('src/a.js', join(repo.path, `link-${at}`));
  await symlink('../größe', join(repo.path, 'link-out'));
  await repo.commit('Links');
  const git = { cwd: repo.path, baseEnv: repo.env };
  const changed = await changedEntries(base, await repo.git(['rev-parse', 'HEAD']), git);
  expect(changed).toHaveLength(301);
  expect(await linksOutside(changed, git)).toEqual([{ path: 'link-out', target: '../größe' }]);
});

test("an agent's git folder gets every one of 300,000 refs", async () => {
  await using repo = await makeRepo();
  const hash = await repo.git(['rev-parse', 'HEAD']);
  const lines = Array.from(
    { length: 300_000 },
    (_, at) => `${hash} refs/tags/${String(at).padStart(6, '0')}`,
  );
  await appendFile(
    join(repo.path, '.git/packed-refs'),
    ['# pack-refs with: sorted ', ...lines, ''].join('\n'),
  );
  const refs = usersRefs(join(repo.path, '.git'));
  expect(refs.size).toBe(300_001);
  expect(refs.get('refs/tags/299999')).toBe(hash);
});

test('the diff of weakened files says that it is cut, and their lines are counted to the last', async () => {
  const names = Array.from({ length: 1500 }, (_, at) => `tests/${LONG}/${at}.test.js`);
  await using repo = await makeRepo({ files: Object.fromEntries(names.map((name) => [name, TEST])) });
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['rm', '-rq', 'tests']);
  await repo.commit('Work', { 'a.txt': 'a' });
  const git = { cwd: repo.path, baseEnv: repo.env };
  const commits = { mainRepo: repo.path, base, commit: await repo.git(['rev-parse', 'HEAD']) };
  const { weakened } = await changesOfChecks(commits, git);
  expect(weakened).toHaveLength(1500);
  const diff = await diffOfWeakened(commits, weakened, git);
  expect(diff).toContain(`This is cut here. All of it: git diff ${base} ${commits.commit}`);
  expect(await diffOfWeakened(commits, weakened.slice(0, 2), git)).not.toContain('cut here');
  expect((await linesChanged(commits, names, git)).map(({ removed }) => removed)).toEqual(names.map(() => 3));
});
