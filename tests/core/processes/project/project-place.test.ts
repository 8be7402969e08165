import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { findProjectFor, readProjectFor } from '../../../../src/core/caller/context/find-project-for.ts';
import { sessionIndex } from '../../../../src/core/caller/context/session-index.ts';
import { stateRoot } from '../../../../src/core/kernel/config-folder.ts';
import type { Project } from '../../../../src/core/project/finding/open-project.ts';
import { trustIn } from '../../../../src/core/project/finding/trust.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { projectOf, trustLines } from '../../../support/project.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const FOLDER = '26-01-08-boat';
const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0;
const AT = '2026-01-08T10:00:00.000Z';
const QUEUED: NewEvent = { type: 'queued', reason: 'starts later' };
const STOPPED: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'asked for' };

async function found(repo: TempRepo, path = repo.path): Promise<Project> {
  const { context } = await projectOf(repo);
  return await findProjectFor({ projectDir: path }, context);
}

async function init(repo: TempRepo, path = repo.path) {
  const { context } = await projectOf(repo);
  return await setupProject({ projectDir: path }, context);
}

/** A session of the project that waits for a person, or has ended, as its log says. */
async function addSession(repo: TempRepo, { values, mainRepo }: Project, { ended = false } = {}) {
  const sample = sessionFileSample();
  const { sessions: sessionsDir, worktrees: worktreesDir } = values;
  const configPath = join(mainRepo, '.samocode');
  const file = { ...sample, folder: FOLDER, sessionsDir, worktreesDir, mainRepo, configPath };
  const paths = sessionPaths(sessionsDir, FOLDER);
  const events = [createdEvent(file), ended ? STOPPED : QUEUED];
  const lines = events.map((event, at) => JSON.stringify({ v: 2, n: at + 1, at: AT, lease: 1, ...event }));
  await mkdir(paths.sessionDir, { recursive: true });
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.overview, '# Boats\n');
  await writeFile(paths.sessionFile, JSON.stringify(file));
  await writeFile(paths.events, `${lines.join('\n')}\n`);
  if (!ended) await repo.git(['worktree', 'add', '-q', join(worktreesDir, FOLDER)], mainRepo);
  return paths;
}

/** Changes what is recorded of the git folder, as another device or inode does. */
async function otherInode(repo: TempRepo, to = '1:1'): Promise<void> {
  const folder = join(stateRoot(repo.homeDir), 'projects');
  for (const name of await readdir(folder)) {
    const record = JSON.parse(await readFile(join(folder, name), 'utf8'));
    await writeFile(join(folder, name), JSON.stringify({ ...record, gitFolder: to }));
  }
}

test('a project lies outside of its repository, in which only .samocode is new', ci, async () => {
  await using repo = await makeRepo({ folder: 'köln shop' });
  const exclude = await readFile(join(repo.path, '.git/info/exclude'), 'utf8');
  const { project } = await init(repo);
  const { sessions, worktrees } = project.values;
  const place = dirname(sessions);
  expect([dirname(place), dirname(worktrees)]).toEqual([join(repo.homeDir, 'samocode'), place]);
  expect(basename(place)).toMatch(/^köln-shop-[0-9a-f]{8}$/);
  expect((await stat(sessions)).mode & 0o777).toBe(0o700);
  expect(await repo.git(['status', '--porcelain'])).toBe('?? .samocode');
  expect(await readFile(join(repo.path, '.git/info/exclude'), 'utf8')).toBe(exclude);
  expect(await readFile(join(repo.path, '.samocode'), 'utf8')).not.toMatch(
    /^(?:MAIN_REPO|WORKTREES|SESSIONS)/m,
  );
});

test('a file without lines for places works wherever the repository is, and each repository has its own place', async () => {
  await using repo = await makeRepo({ files: { '.samocode': 'CHECK=true\n' } });
  await trustLines(repo);
  const main = await found(repo);
  const linked = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '-q', linked]);
  expect((await found(repo, linked)).values).toMatchObject({
    sessions: main.values.sessions,
    mainRepo: repo.path,
  });
  // A bare repository has no main checkout: each of its worktrees is a project.
  const bare = join(repo.root, 'bare.git');
  const tree = join(repo.root, 'tree');
  await repo.git(['clone', '-q', '--bare', repo.path, bare]);
  await repo.git(['worktree', 'add', '-q', tree, 'main'], bare);
  const { context } = await projectOf(repo);
  const ofTree = await readProjectFor({ projectDir: tree }, context);
  expect(ofTree.file?.values.mainRepo).toBe(tree);
  expect(ofTree.file?.values.sessions).not.toBe(main.values.sessions);
  // A submodule is a repository of its own.
  const sub = join(repo.path, 'sub');
  await repo.git(['-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', repo.path, 'sub']);
  const ofSub = await readProjectFor({ projectDir: sub }, context);
  expect(ofSub.file?.values.mainRepo).toBe(sub);
});

test('a file above its repository names MAIN_REPO, and one in no repository says what is missing', async () => {
  await using repo = await makeRepo();
  const { context } = await projectOf(repo);
  const above = join(repo.root, '.samocode');
  await writeFile(above, 'MAIN_REPO=repo\n');
  const project = await findProjectFor({ projectDir: above }, context);
  expect([project.mainRepo, dirname(dirname(project.values.sessions))]).toEqual([
    repo.path,
    join(repo.homeDir, 'samocode'),
  ]);
  await writeFile(above, 'CHECK=true\n');
  const { problems } = await readProjectFor({ projectDir: above }, context);
  expect(problems.map(({ args }) => (args as { key?: string }).key)).toEqual([
    'MAIN_REPO',
    'WORKTREES',
    'SESSIONS',
  ]);
});

test('a file that names the repository of somebody else does not lead to its sessions', async () => {
  await using repo = await makeRepo();
  const { project } = await init(repo);
  await addSession(repo, project);
  const hostile = join(repo.root, 'hostile');
  await repo.git(['clone', '-q', repo.path, hostile]);
  await writeFile(join(hostile, '.samocode'), `MAIN_REPO=${repo.path}\n`);
  const { context } = await projectOf(repo);
  const reading = await readProjectFor({ projectDir: hostile }, context);
  expect(reading.readings.get('SESSIONS')).toMatchObject({ source: { kind: 'unset' }, value: undefined });
});

test(
  'a repository that was moved keeps its sessions and worktrees, which follow it, and is not trusted',
  ci,
  async () => {
    await using repo = await makeRepo();
    const { project } = await init(repo);
    const paths = await addSession(repo, project);
    const tree = join(project.values.worktrees, FOLDER);
    await trustLines(repo, 'CHECK=true\n');
    const moved = join(repo.root, 'moved');
    await rename(repo.path, moved);
    const { context } = await projectOf(repo);
    const now = await findProjectFor({ projectDir: moved }, context);
    expect(now.values.sessions).toBe(project.values.sessions);
    expect(now.warnings.map(({ text }) => text).join()).toContain(`${repo.path} is now ${moved}`);
    expect(await repo.git(['rev-parse', '--show-toplevel'], tree)).toBe(tree);
    const view = await readSession(paths, context.host);
    const { mainRepo, configPath } = view?.sessionFile ?? {};
    expect([mainRepo, configPath]).toEqual([moved, join(moved, '.samocode')]);
    expect((await trustIn(now, context)).kind).toBe('untrusted');
    const again = await findProjectFor({ projectDir: moved }, context);
    expect([again.values.sessions, again.warnings]).toEqual([project.values.sessions, []]);
  },
);

test('a number that the disk uses again makes no other repository of it', async () => {
  await using repo = await makeRepo();
  const { project } = await init(repo);
  await addSession(repo, project);
  await rm(repo.path, { recursive: true });
  const other = join(repo.root, 'other');
  await repo.git(['init', '-q', other], repo.root);
  await repo.git(
    [
      '-c',
      'user.name=They',
      '-c',
      'user.email=they@example.invalid',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'Theirs',
    ],
    other,
  );
  const { dev, ino } = await stat(join(other, '.git'));
  await otherInode(repo, `${dev}:${ino}`);
  expect((await init(repo, other)).project.values.sessions).not.toBe(project.values.sessions);
});

test.each([
  ['restored from a backup, or mounted from another device', async () => {}],
  [
    'a copy in the place of the original',
    async ({ path }: TempRepo) => {
      await rename(path, `${path}.bak`);
      await cp(`${path}.bak`, path, { recursive: true });
    },
  ],
])('a repository at its path keeps its place: %s', async (_, change) => {
  await using repo = await makeRepo();
  const { project } = await init(repo);
  await addSession(repo, project);
  await change(repo);
  await otherInode(repo);
  const now = await found(repo);
  expect([now.values.sessions, now.warnings]).toEqual([project.values.sessions, []]);
  const copy = `${repo.path}.bak`;
  if (existsSync(copy))
    expect((await init(repo, copy)).project.values.sessions).not.toBe(project.values.sessions);
});

test.each([
  [false, 'has a place of its own, and says where the sessions are that had not ended'],
  [true, 'keeps the place if all sessions had ended'],
])('a repository that was cloned anew to the same path: %s %s', async (ended) => {
  await using repo = await makeRepo();
  const { project } = await init(repo);
  await addSession(repo, project, { ended });
  const old = join(repo.root, 'old');
  await rename(repo.path, old);
  await repo.git(['clone', '-q', old, repo.path], repo.root);
  await rm(old, { recursive: true });
  await otherInode(repo);
  await writeFile(join(repo.path, '.samocode'), 'PROVIDER=rehearsal\n');
  const now = await found(repo);
  const told = now.warnings.map(({ text }) => text).join();
  expect(now.values.sessions === project.values.sessions).toBe(ended);
  expect(told.includes(`SESSIONS=${project.values.sessions}`)).toBe(!ended);
  expect((await found(repo)).values.sessions).toBe(now.values.sessions);
});

test('~/samocode may be a checkout: what is chosen with the first project holds for the next', async () => {
  await using repo = await makeRepo();
  const home = join(repo.homeDir, 'samocode');
  await repo.git(['init', '-q', home]);
  const first = await init(repo);
  expect(dirname(dirname(first.project.values.sessions))).toBe(`${home}-work`);
  await rm(home, { recursive: true });
  const other = join(repo.root, 'other');
  await repo.git(['clone', '-q', repo.path, other]);
  const second = await init(repo, other);
  expect(dirname(dirname(second.project.values.sessions))).toBe(`${home}-work`);
});

test('SAMOCODE_HOME moves what new projects have, and what was there before stays where it is', async () => {
  await using repo = await makeRepo();
  const before = await init(repo);
  const paths = await addSession(repo, before.project);
  const big = join(repo.root, 'big');
  await mkdir(big);
  await writeFile(join(repo.homeDir, '.config/samocode/.env'), `SAMOCODE_HOME=${big}\n`);
  expect((await found(repo)).values.sessions).toBe(before.project.values.sessions);
  const { context: now } = await projectOf(repo);
  const view = await readSession(sessionPaths(paths.sessionsDir, FOLDER), now.host);
  // It is no mere document, of which `import` would begin another session.
  expect(view?.otherBuild).toEqual({ is: 'elsewhere', trace: paths.runDir });
  const other = join(repo.root, 'other');
  await repo.git(['clone', '-q', repo.path, other]);
  const after = await init(repo, other);
  expect(dirname(dirname(after.project.values.sessions))).toBe(big);
  expect(stateRoot(repo.homeDir)).toBe(join(big, 'state'));
  expect(await readdir(join(big, 'state/projects'))).toHaveLength(1);
  const { context } = await projectOf(repo);
  const index = await sessionIndex({ projectDir: other, reach: 'current' }, context);
  expect(index.places.map(({ sessionsDir }) => sessionsDir)).toEqual([after.project.values.sessions]);
});

test.each([
  ['relative', 'big', undefined],
  ['missing', '<root>/nowhere', undefined],
  ['in a repository', '<repo>/big', undefined],
  ['another one in the environment', '<root>', '/tmp'],
])('a SAMOCODE_HOME that cannot be used stops every act: %s', async (_, value, other) => {
  await using repo = await makeRepo({ files: { 'big/x': 'x', '.samocode': 'PROVIDER=rehearsal\n' } });
  await mkdir(join(repo.homeDir, '.config/samocode'), { recursive: true });
  const path = value.replace('<repo>', repo.path).replace('<root>', repo.root);
  await writeFile(join(repo.homeDir, '.config/samocode/.env'), `SAMOCODE_HOME=${path}\n`);
  const { context } = await projectOf(repo);
  const env = { ...context.env, ...(other && { SAMOCODE_HOME: other }) };
  for (const act of [findProjectFor, setupProject])
    await expect(act({ projectDir: repo.path }, { ...context, env })).rejects.toThrow(other ?? path);
  const made = ['samocode', '.local'].map((name) => join(repo.homeDir, name));
  expect([...made, join(path, 'state')].filter((each) => existsSync(each))).toEqual([]);
});

test.runIf(mayMount)('in a container whose home is not mounted, init says what a rebuild loses', async () => {
  await using repo = await makeRepo();
  const [upper, work] = [join(repo.root, 'upper'), join(repo.root, 'work')];
  for (const path of [upper, work]) await mkdir(path);
  const layers = `lowerdir=${repo.homeDir},upperdir=${upper},workdir=${work}`;
  expect((await init(repo)).warnings.join()).not.toContain('built anew');
  execFileSync('mount', ['-t', 'overlay', '-o', layers, 'overlay', repo.homeDir]);
  try {
    const { warnings } = await init(repo);
    expect(warnings.join()).toContain(join(repo.homeDir, '.config/samocode/.env'));
    expect(warnings.join()).toContain('devcontainer.json');
  } finally {
    execFileSync('umount', ['--lazy', repo.homeDir]);
  }
});
