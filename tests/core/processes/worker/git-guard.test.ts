// @module-tag ci
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isGitOutOfReach, safeGitAt } from '../../../../src/core/caller/context/session-branch.ts';
import { namesAt } from '../../../../src/core/kernel/files/path-stats.ts';
import {
  NO_OPENINGS,
  type SandboxLevel,
  type SandboxOpenings,
} from '../../../../src/core/kernel/sandbox-level.ts';
import { configEntries } from '../../../../src/core/project/git/config.ts';
import { gitSaysYes, runGit } from '../../../../src/core/project/git/git.ts';
import { smudgingFilters } from '../../../../src/core/project/git/git-programs.ts';
import type { GitContext } from '../../../../src/core/project/git/repository.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function scene(level: SandboxLevel = 'none', openings: Partial<SandboxOpenings> = {}) {
  const repo = await makeRepo();
  const paths = sessionPaths(repo.root, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const settings = { ...sample.settings, openings: { ...NO_OPENINGS, ...openings } };
  const file = { ...sample, settings, mainRepo: repo.path };
  const guard = () => new GitGuard(paths, file, repo.env, () => level);
  return { repo, guard, path: paths.gitSettings };
}

test('settings that a person accepted are known to every later worker, and reading accepts nothing', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await guard().accept(undefined);
  await repo.git(['config', 'filter.new.clean', 'new']);
  const changed = ['filter.new.clean: nothing -> new'];
  expect(await guard().unaccepted(undefined)).toEqual(changed);
  const worker = guard();
  expect(await worker.unaccepted(undefined)).toEqual(changed);
  expect(worker.context.config).toEqual([['filter.new.clean', '']]);
  await worker.accept(undefined);
  expect(worker.context.config).toEqual([]);
  expect(await guard().unaccepted(undefined)).toEqual([]);
});

test('the filters of the last look are those that git lists, and a look that fails knows none', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.old.smudge', 'old']);
  const worker = guard();
  await worker.accept(undefined);
  await repo.git(['config', '--unset', 'filter.old.smudge']);
  await repo.git(['config', 'filter.new.smudge', 'new']);
  expect(worker.programs).toBeUndefined();
  await worker.unaccepted(undefined);
  const listed = await configEntries({ ...worker.context, cwd: repo.path });
  const asked = smudgingFilters(listed.map(({ key, value }) => [key, value]));
  expect(asked).toEqual(expect.arrayContaining(['new', 'old']));
  expect(smudgingFilters(worker.programs ?? [])).toEqual(asked);
  await appendFile(join(repo.path, '.git/config'), '[broken\n');
  await expect(worker.unaccepted(undefined)).rejects.toThrow('git config');
  expect(worker.programs).toBeUndefined();
});

test.each<[SandboxLevel, Partial<SandboxOpenings>, GitContext['config'] & {}]>([
  ['guard', {}, []],
  ['strict', {}, []],
  ['best effort', {}, [['filter.new.clean', '']]],
  ['guard', { sockets: ['gpg-agent'] }, [['filter.new.clean', '']]],
  ['strict', { write: ['/opened'] }, [['filter.new.clean', '']]],
])(
  'at level %s, opened: %j, programs without acceptance are replaced by %j',
  async (level, openings, config) => {
    const { repo, guard } = await scene(level, openings);
    await using _ = repo;
    await repo.git(['config', 'filter.new.clean', 'new']);
    const worker = guard();
    expect(await worker.unaccepted(undefined)).toHaveLength(config.length);
    expect(worker.context.config).toEqual(config);
  },
);

test.each<[SandboxLevel, string[]]>([
  ['none', ['core.sshcommand: nothing -> planted']],
  [
    'best effort',
    [
      expect.stringMatching(/hooks\/post-merge: nothing -> [0-9a-f]{64}$/),
      'alias.st: nothing -> !planted',
      'core.hookspath: nothing -> .husky/_',
      'core.sshcommand: nothing -> planted',
    ],
  ],
])('at level %s, of new hooks and programs are named: %j', async (level, named) => {
  const { repo, guard } = await scene(level);
  await using _ = repo;
  const worker = guard();
  await worker.accept(undefined);
  for (const [key, value] of [
    ['core.hooksPath', '.husky/_'],
    ['alias.st', '!planted'],
    ['core.sshCommand', 'planted'],
  ] as const)
    await repo.git(['config', key, value]);
  await writeFile(join(repo.path, '.git/hooks/post-merge'), 'true', { mode: 0o755 });
  expect(await worker.unaccepted(undefined)).toEqual(named);
  expect(worker.context.config).toEqual([['core.sshcommand', 'ssh']]);
});

test("after the record of accepted settings was changed, it is restored from this worker's memory, or emptied", async () => {
  const { repo, guard, path } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.new.clean', 'new']);
  const worker = guard();
  await worker.accept(undefined);
  await rm(path);
  await mkdir(join(path, 'x'), { recursive: true });
  await worker.writeAgain(true);
  expect(await guard().unaccepted(undefined)).toEqual([]);
  await worker.writeAgain(false);
  for (const each of [worker, guard()])
    expect(await each.unaccepted(undefined)).toContain('filter.new.clean: nothing -> new');
});

test('settings whose acceptance could not be written were not accepted', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.new.clean', 'new']);
  const worker = guard();
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(worker.accept(undefined)).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  expect(await worker.unaccepted(undefined)).toHaveLength(1);
});

/** More settings than are read, and a filter behind them. */
async function withUnreadFilter(path: string, reached: string): Promise<void> {
  const long = `\tkey = ${'x'.repeat(1024 * 1024)}\n`;
  const filter = `[filter "late"]\n\tclean = "touch '${reached}'; cat"\n`;
  await appendFile(join(path, '.git/config'), `[long]\n${long.repeat(17)}${filter}`);
  await writeFile(join(path, '.gitattributes'), '* filter=late\n');
}

const UNREAD = { code: 'git_settings_unread' };

test('where the settings were not read completely, worker and acts read objects, and start no program that they name', async () => {
  const { repo, guard, path } = await scene();
  await using _ = repo;
  const reached = join(repo.root, 'reached');
  await withUnreadFilter(repo.path, reached);
  const worker = guard();
  await expect(worker.unaccepted(undefined)).rejects.toMatchObject(UNREAD);
  const acts = await safeGitAt({ mainRepo: repo.path, accepted: path }, { env: repo.env });
  for (const context of [worker.context, acts]) {
    const options = { ...context, cwd: repo.path };
    await expect(runGit(['add', '--all'], options)).rejects.toMatchObject(UNREAD);
    await expect(runGit(['cat-file', '--filters', 'HEAD:a'], options)).rejects.toMatchObject(UNREAD);
    expect(await gitSaysYes(['rev-parse', 'HEAD'], options)).toBe(true);
  }
  expect(namesAt(repo.root)).not.toContain('reached');
  await runGit(['add', '--all'], { cwd: repo.path, baseEnv: repo.env });
  expect(namesAt(repo.root)).toContain('reached');
});

test('settings that can be read again are in effect again', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  const worker = guard();
  await worker.accept(undefined);
  const config = join(repo.path, '.git/config');
  const before = await readFile(config, 'utf8');
  await appendFile(config, '[broken\n');
  await expect(worker.unaccepted(undefined)).rejects.toMatchObject({ code: 'git_failed' });
  await expect(runGit(['status'], { ...worker.context, cwd: repo.path })).rejects.toMatchObject(UNREAD);
  await writeFile(config, `${before}[filter "new"]\n\tclean = new\n`);
  expect(await worker.unaccepted(undefined)).toHaveLength(1);
  expect(worker.context.config).toEqual([['filter.new.clean', '']]);
});

test('a person who lets git open no bare repository by itself hides no setting of the main checkout', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  const worker = guard();
  await worker.accept(undefined);
  await repo.git(['config', '--global', 'safe.bareRepository', 'explicit']);
  await repo.git(['config', 'filter.new.clean', 'new']);
  expect(await worker.unaccepted(undefined)).toEqual(['filter.new.clean: nothing -> new']);
});

test.each([
  ['a session in the guard', { state: { sandbox: 'guard' } }, true],
  ['one that root runs', { state: { sandbox: 'best effort' } }, false],
  ['one without a guard', { state: { sandbox: 'none' } }, false],
  ['one that another machine shows', { state: { sandbox: 'guard' }, mirror: {} }, false],
  ['one whose file cannot be read', { state: { sandbox: 'guard' }, sessionFile: undefined }, false],
] as const)('an act takes the settings of git as they are for %s', async (_what, facts, isOutOfReach) => {
  const view = { sessionFile: sessionFileSample({}), ...facts } as unknown as SessionView;
  expect(isGitOutOfReach(view)).toBe(isOutOfReach);
});
