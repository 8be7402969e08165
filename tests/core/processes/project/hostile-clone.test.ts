// @module-tag ci
import { existsSync } from 'node:fs';
import { chown, lchown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor, readProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { sessionIndex } from '../../../../src/core/caller/context/session-index.ts';
import { readTrust, trustProject } from '../../../../src/core/caller/context/trust-project.ts';
import { readProject } from '../../../../src/core/project/finding/open-project.ts';
import { trustIn } from '../../../../src/core/project/finding/trust.ts';
import { runByRepository } from '../../../../src/core/project/git/executing-settings.ts';
import { commonDirOf, readRepository } from '../../../../src/core/project/git/repository.ts';
import { supervisorPaths, watchedFolders } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { readSupervisorStatus } from '../../../../src/core/supervisor/status.ts';
import { type HostileClone, type HostilePlan, makeHostileClone } from '../../../support/hostile-clone.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { projectOf } from '../../../support/project.ts';
import { startSession } from '../../../support/start-session.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

const INSIDE = { MAIN_REPO: '.', WORKTREES: '_w', SESSIONS: '_s' };
const PLACES = ['repo/_w', 'repo/_s', 'home/.vim/pack/p/start', 'home/.claude/skills', 'private', 'beside'];

function fileOf(lines: Readonly<Record<string, string>>): string {
  const all = Object.entries({ ...INSIDE, ...lines });
  return all.map(([key, value]) => `${key}=${value}\n`).join('');
}

/** A clone with this `.samocode`, and the context of a person in it. */
async function cloneWith(lines: Readonly<Record<string, string>>, plan: HostilePlan = {}) {
  const files = { '.samocode': fileOf(lines), ...plan.files };
  const clone = await makeHostileClone({ ...plan, files, folders: [...PLACES, ...(plan.folders ?? [])] });
  return { clone, context: (await projectOf(clone)).context };
}

/** The ordinary user owns the clone and its home. */
async function giveTo(folder: string, uid: number): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const names = await readdir(folder, { recursive: true });
  for (const name of ['', ...names]) await lchown(join(folder, name), uid, uid);
}

async function untrusted(clone: HostileClone): Promise<string[]> {
  const { file } = await readProject({
    filePath: join(clone.path, '.samocode'),
    env: clone.env,
    homeDir: clone.homeDir,
  });
  if (file === undefined) throw new Error('The file cannot be read.');
  const trust = await trustIn(file, { home: clone.homeDir });
  return trust.kind === 'fine' ? [] : trust.lines.map(({ key, risk }) => `${key}: ${risk}`);
}

describe('a folder of the clone that looks like a repository', () => {
  const ATTACK = [{ MAIN_REPO: 'tools' }, { gitFolder: 'tools' }] as const;

  test('is opened by nothing, so that no program of its settings runs', async () => {
    const { clone, context } = await cloneWith(...ATTACK);
    await using _ = clone;
    const tools = join(clone.path, 'tools');
    const git = { baseEnv: clone.env };
    expect(await readRepository(tools, git)).toMatchObject({ kind: 'bare' });
    await expect(commonDirOf(tools, git)).rejects.toMatchObject({ code: 'git_not_a_repository' });
    const refused = { code: 'not_a_repository' };
    await expect(findProjectFor({}, context)).rejects.toMatchObject(refused);
    await expect(startSession({ task: 'x' }, context)).rejects.toThrow('cannot be MAIN_REPO');
    await expect(setupProject({ projectDir: clone.path }, context)).rejects.toMatchObject(refused);
    await expect(setupProject({ projectDir: tools }, context)).rejects.toMatchObject(refused);
    expect(clone.hasRun()).toBe(false);
  });

  test('is refused by git itself, too, from 2.38 on', async () => {
    const { clone } = await cloneWith(...ATTACK);
    await using _ = clone;
    const ask = ['-c', 'safe.bareRepository=explicit', 'rev-parse', '--git-dir'];
    await expect(clone.git(ask, join(clone.path, 'tools'))).rejects.toThrow('safe.bareRepository');
  });
});

describe.each([
  ['root', <T>(act: () => Promise<T>) => act()],
  ['an ordinary user', asOrdinaryUser],
])('as %s', (_, as) => {
  test.each([
    ['the usual layout', {}, []],
    ['a folder that does not exist yet', { WORKTREES: 'new/w' }, []],
    ["an editor's plugins", { WORKTREES: '~/.vim/pack/p/start' }, ['WORKTREES: loosens']],
    ['skills of every chat', { WORKTREES: '~/.claude/skills' }, ['WORKTREES: loosens']],
    ['a folder beside the clone', { SESSIONS: '../beside' }, ['SESSIONS: loosens']],
    ['another repository', { MAIN_REPO: '../private', CONSTRAINTS: 'rules.md' }, ['MAIN_REPO: loosens']],
    ['a file of home', { CONSTRAINTS: '~/.netrc' }, ['CONSTRAINTS: loosens']],
    ['a link out', { SESSIONS: 'out/skills' }, ['SESSIONS: loosens']],
    ['a link out to what is not there', { WORKTREES: 'nowhere/x' }, ['WORKTREES: loosens']],
    ['a link to a file of home', { CONSTRAINTS: 'linked.md' }, ['CONSTRAINTS: loosens']],
    ["git's own folder", { SESSIONS: '.git/hooks' }, ['SESSIONS: loosens']],
  ])('%s', async (_title, lines, expected) => {
    const { clone } = await cloneWith(lines, {
      files: { 'rules.md': 'Rules\n' },
      links: { out: '../home/.claude', nowhere: '../home/.vim/new', 'linked.md': '../home/.netrc' },
    });
    await using _clone = clone;
    await writeFile(join(clone.homeDir, '.netrc'), 'login\n');
    if (as === asOrdinaryUser) await giveTo(clone.root, 65_534);
    expect(await as(() => untrusted(clone))).toEqual(expected);
  });
});

test.skipIf(process.getuid?.() !== 0)('a folder of another user needs trust', async () => {
  const { clone } = await cloneWith({});
  await using _ = clone;
  await chown(join(clone.path, '_s'), 4242, 4242);
  expect(await untrusted(clone)).toEqual(['SESSIONS: loosens']);
});

test.each([
  ['in home asks for a place beside what home has', '', 'plans', 'untrusted'],
  ['in home asks for a folder that programs of the person load', '', '.vim/pack/p/start', 'untrusted'],
  ["in the folder of settings asks for samocode's own", '.config', 'samocode/trusted', 'untrusted'],
  ["in the folder of states asks for samocode's own", '.local/state', 'samocode/x', 'untrusted'],
  ['in a folder of home names a place below it', '.claude', 'skills/w', 'fine'],
])('a file %s', async (_, folder, worktrees, expected) => {
  await using repo = await makeRepo();
  const at = join(repo.homeDir, folder);
  await repo.git(['init', '-q', at], repo.root);
  const filePath = join(at, '.samocode');
  await writeFile(filePath, `WORKTREES=${worktrees}\n`);
  const { file } = await readProject({ filePath, env: repo.env, homeDir: repo.homeDir });
  expect(file && (await trustIn(file, { home: repo.homeDir })).kind).toBe(expected);
});

test('a file above the repository may name all of its places, and a SESSIONS with its own repository', async () => {
  await using repo = await makeRepo();
  const sessions = join(repo.root, 'sessions');
  await mkdir(join(repo.root, 'trees'));
  await mkdir(sessions);
  await repo.git(['init', '-q'], sessions);
  const filePath = join(repo.root, '.samocode');
  await writeFile(
    filePath,
    fileOf({ MAIN_REPO: repo.path, WORKTREES: join(repo.root, 'trees'), SESSIONS: sessions }),
  );
  const { file } = await readProject({ filePath, env: repo.env, homeDir: repo.homeDir });
  expect(file && (await trustIn(file, { home: repo.homeDir }))).toEqual({ kind: 'fine' });
});

test('a file in a folder of the repository may name the repository around it, and no further one', async () => {
  await using repo = await makeRepo({ files: { 'part/a': '' } });
  await repo.git(['init', '-q', repo.root], repo.root);
  for (const folder of ['part/w', 'part/s']) await mkdir(join(repo.path, folder));
  const needs = async (lines: Record<string, string>) => {
    await repo.write({ 'part/.samocode': fileOf({ WORKTREES: 'w', SESSIONS: 's', ...lines }) });
    const filePath = join(repo.path, 'part/.samocode');
    const { file } = await readProject({ filePath, env: repo.env, homeDir: repo.homeDir });
    return file && (await trustIn(file, { home: repo.homeDir })).kind;
  };
  expect(await needs({ MAIN_REPO: '..' })).toBe('fine');
  expect(await needs({ MAIN_REPO: '../..' })).toBe('untrusted');
});

describe('until a person trusts a place outside', () => {
  const REFUSED = { code: 'place_not_trusted', why: expect.stringContaining('SESSIONS=') };
  const VERBS: [string, (context: Awaited<ReturnType<typeof cloneWith>>['context']) => Promise<unknown>][] = [
    ['list', (context) => sessionIndex({ reach: 'known' }, context)],
    ['an act', (context) => findProjectFor({}, context)],
    ['setup_project', (context) => setupProject({}, { ...context, by: { channel: 'tool' } })],
    ['init', (context) => setupProject({}, context)],
  ];

  test.each(VERBS)('%s takes nothing from there and says so', async (_, act) => {
    const { clone, context } = await cloneWith({ SESSIONS: '../new', WORKTREES: '~/.vim/pack/p/start' });
    await using _clone = clone;
    await expect(act(context)).rejects.toMatchObject(REFUSED);
    expect(existsSync(join(clone.root, 'new'))).toBe(false);
  });

  test('the page and the supervisor leave the folder out, and the status names the command', async () => {
    const { clone, context } = await cloneWith({ SESSIONS: '../beside' });
    await using _clone = clone;
    // Makes the project known.
    await readProjectFor({}, context);
    const paths = supervisorPaths(clone.homeDir, context.host);
    expect([...(await watchedFolders(paths, clone.homeDir))]).toEqual([]);
    expect((await sessionIndex({ reach: 'readable' }, context)).places).toEqual([]);
    expect((await readSupervisorStatus(context)).problems.join()).toContain('is not trusted yet');
    const { project } = await readTrust({}, context);
    await trustProject({ hash: project.fileHash }, context);
    expect([...(await watchedFolders(paths, clone.homeDir))]).toEqual([join(clone.root, 'beside')]);
    expect((await sessionIndex({ reach: 'readable' }, context)).places).toHaveLength(1);
  });

  test('a start asks for trust, a model cannot give it, and a person gives it before the folders exist', async () => {
    const { clone, context } = await cloneWith({ WORKTREES: '../new' });
    await using _clone = clone;
    await expect(startSession({ task: 'x' }, context)).rejects.toThrow('WORKTREES');
    const { project } = await readTrust({}, context);
    const hash = project.fileHash;
    const byModel = { ...context, by: { channel: 'tool' as const } };
    await expect(trustProject({ hash }, byModel)).rejects.toMatchObject({ code: 'person_needed' });
    await trustProject({ hash }, context);
    const { done } = await setupProject({}, context);
    expect(done.join()).toContain(join(clone.root, 'new'));
    // Another content of the file is trusted anew.
    await writeFile(
      join(clone.path, '.samocode'),
      `${await readFile(join(clone.path, '.samocode'), 'utf8')}MODEL=x\n`,
    );
    await expect(findProjectFor({}, context)).rejects.toMatchObject({ code: 'place_not_trusted' });
  });
});

test('set-up trusts places outside in a file that a person writes, and never in one that a model writes', async () => {
  for (const [channel, kind] of [
    ['cli', 'fine'],
    ['tool', 'untrusted'],
  ] as const) {
    await using repo = await makeRepo();
    const { context } = await projectOf(repo);
    const input = { sessions: join(repo.root, 'outside') };
    expect((await setupProject(input, { ...context, by: { channel } })).trust.kind).toBe(kind);
  }
});

test('what git runs by settings of the repository itself is said in one line', async () => {
  await using repo = await makeRepo({ settings: '[alias]\n\tx = !y\n[core]\n\tpager = less\n' });
  const said = () => runByRepository(repo.path, { baseEnv: repo.env });
  expect(await said()).toBeUndefined();
  await repo.git(['config', 'filter.lfs.smudge', 'git-lfs smudge -- %f']);
  await repo.git(['config', 'core.sshCommand', 'ssh -i key']);
  expect(await said()).toBe(
    `By settings of ${repo.path}, git runs programs: core.sshcommand=ssh -i key; filter.lfs.smudge=git-lfs smudge -- %f.`,
  );
});

test('a link in the folder of the file that stays below it needs no trust', async () => {
  const { clone } = await cloneWith({ SESSIONS: 'link' });
  await using _ = clone;
  await symlink('_s', join(clone.path, 'link'));
  expect(await untrusted(clone)).toEqual([]);
});
