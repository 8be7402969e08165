// @module-tag ci
import { existsSync, watch } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { runOnClone, type ServesClone } from '../../../../src/core/project/proving/run-on-clone.ts';
import { childEnvironment } from '../../../../src/core/sandbox/programs/environment.ts';
import { proofPlace } from '../../../../src/core/sandbox/proof-place.ts';
import { clearScratch } from '../../../../src/core/worker/judge/in-clone.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { eventually } from '../../../support/eventually.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { repoWithLibraries } from '../../../support/with-libraries.ts';

// Commands on a clean clone, on a machine without the guard.

interface Asked {
  tip?: string;
  base?: string;
  setup?: string;
  home?: string[];
  env?: Record<string, string>;
  asWorktree?: boolean;
  serve?: ServesClone;
}

/** Runs one command on a clone of a commit. @returns how it ended, and its last lines */
async function endOf(repo: TempRepo, command: string, asked: Asked = {}) {
  const { runs } = await runOf(repo, command, asked);
  expect(existsSync(join(repo.root, 'checks/x'))).toBe(false);
  return { exitCode: runs.at(-1)?.exitCode, tail: runs.at(-1)?.tail };
}

async function runOf(repo: TempRepo, command: string, { tip = 'main', base = tip, ...more }: Asked) {
  const hash = (name: string) => repo.git(['rev-parse', name]);
  const marked = { ...childEnvironment(repo.env, { sessionUlid: 'x', iteration: 0 }), ...more.env };
  const set = {
    ...{ name: 'full', mainRepo: repo.path, commit: await hash(tip), base: await hash(base), branch: 'x' },
    ...{ scratch: join(repo.root, 'checks/x'), commands: [command] },
    ...{ outputDir: join(repo.root, 'outputs'), outputRoot: repo.root, signal: new AbortController().signal },
    areObjectsWritable: true,
    asWorktree: more.asWorktree ?? false,
    serve: more.serve,
    proving: { setup: more.setup, copy: [], home: more.home, timeoutMs: 60_000 },
    placeIn: (folders: Parameters<typeof proofPlace>[1]) => proofPlace(undefined, folders, marked),
  };
  const tools = { clock: systemClock, context: { baseEnv: repo.env } };
  return await runOnClone(set, tools, (problem) => new Error(problem));
}

async function inHome(repo: TempRepo, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(repo.homeDir, name)), { recursive: true });
    await writeFile(join(repo.homeDir, name), text, { mode: 0o755 });
  }
}

test("a check has an empty HOME with the person's git identity, and its files there are deleted", async () => {
  await using repo = await makeRepo();
  await inHome(repo, { '.npmrc': 'script-shell=/bin/true\n', '.config/git/ignore': '*\n', 'tools/lint': '' });
  const PATH = `${join(repo.homeDir, 'tools')}:${repo.env.PATH}`;
  const env = { PATH, XDG_CONFIG_HOME: join(repo.homeDir, '.config') };
  const check =
    'mkdir -p ~/.cache && touch ~/.cache/x && ls -A ~ && ls "$XDG_CONFIG_HOME"; command -v lint; git var GIT_AUTHOR_IDENT';
  const { tail } = await endOf(repo, check, { env });
  expect(tail?.split('\n').slice(0, 2)).toEqual(['.cache', '.gitconfig']);
  expect(tail).toContain('No such file or directory');
  expect(tail).not.toContain('lint');
  expect(tail).toContain('Test Person <test@example.invalid>');
  expect(existsSync(join(repo.homeDir, '.cache'))).toBe(false);
});

test('a check can run the programs in HOME and read what CHECK_HOME names', async () => {
  await using repo = await makeRepo();
  const files = {
    '.local/bin/mytool': '#!/bin/sh\necho mine\n',
    '.m2/settings.xml': 'ours\n',
    '.gitconfig': '[user]\n\tname = Own\n',
  };
  await inHome(repo, files);
  const PATH = `${join(repo.homeDir, '.local/bin')}:${repo.env.PATH}`;
  const home = ['.m2/settings.xml', '.gitconfig'];
  const check = 'mytool; cat ~/.m2/settings.xml; git config user.name';
  expect((await endOf(repo, check, { env: { PATH }, home })).tail).toBe('mine\nours\nOwn');
});

test('with CHECK_IN=worktree, the worktree of a check has the submodules of the main checkout, and is removed', async () => {
  await using repo = await repoWithLibraries();
  const { tail } = await endOf(repo, 'cat libs/outer/inner/lib.txt', { asWorktree: true });
  expect(tail).toBe('inner');
  expect(existsSync(join(repo.path, '.git/worktrees'))).toBe(false);
});

test.each([false, true])(
  'services that do not end leave neither clone nor worktree (CHECK_IN=worktree: %s)',
  async (asWorktree) => {
    await using repo = await makeRepo();
    const served = { ports: {}, url: undefined, failures: [], ended: () => [] };
    const end = () => Promise.reject(new Error('it does not end'));
    const serve = { isForSetup: false, start: async () => ({ ...served, end }) };
    await expect(runOf(repo, 'true', { asWorktree, serve })).rejects.toThrow('it does not end');
    expect(await readdir(join(repo.root, 'checks'))).toEqual([]);
    expect(existsSync(join(repo.path, '.git/worktrees'))).toBe(false);
  },
);

test('SETUP runs in each clone, and what it made for one commit is not in the clone of another', async () => {
  await using repo = await makeRepo({
    files: { '.gitignore': 'made\n', 'setup.sh': 'mkdir made; echo good >made/x\n' },
  });
  await repo.git(['checkout', '-q', '-b', 'work']);
  await repo.commit('Bad', { 'setup.sh': 'mkdir made; echo forged >made/x\n' });
  await repo.commit('Put back', { 'setup.sh': 'mkdir made; echo good >made/x\n' });
  const made = async (tip: string) =>
    (await endOf(repo, 'cat made/x', { tip, base: 'main', setup: 'sh setup.sh' })).tail;
  expect([await made('work~1'), await made('work'), await made('main')]).toEqual(['forged', 'good', 'good']);
});

test.runIf(process.getuid?.() === 0)(
  'undeletable files are moved aside and named, and the results of the checks are valid',
  async () => {
    await using repo = await makeRepo();
    const end = await runOf(repo, 'touch locked && chattr +i locked', {});
    expect(end).toMatchObject({ runs: [{ exitCode: 0 }], failures: [] });
    expect(dirname(end.left ?? '')).toBe(join(repo.root, 'checks'));
    expect(await readdir(end.left ?? '')).toEqual(['locked']);
    expect((await endOf(repo, 'true')).exitCode).toBe(0);
    await runCommand('chattr', ['-i', join(end.left ?? '', 'locked')]);
  },
);

test('a clone that is being removed has the name of its scratch, by which the next worker of the session removes the rest', async () => {
  await using repo = await makeRepo();
  const checks = join(repo.root, 'checks');
  await mkdir(checks);
  const names = new Set<string>();
  const seen = watch(checks, (_, name) => names.add(name ?? ''));
  await endOf(repo, 'true');
  await eventually(async () => names.size >= 3, { what: 'the scratch, and two names while it is removed' });
  seen.close();
  expect([...names].filter((name) => !/^x(?:\.removing-\w{8})?$/.test(name))).toEqual([]);

  const file = sessionFileSample({ worktreesDir: repo.root, folder: '26-01-08-x' });
  const [left, others] = ['26-01-08-x.removing-01234567', '26-01-08-y.removing-01234567'];
  for (const each of [left, others])
    await mkdir(join(repo.root, '_checks', each, 'full'), { recursive: true });
  const worker: Partial<Worker> = { file, env: repo.env, host: await systemHost(), clock: systemClock };
  await clearScratch(worker as Worker);
  expect(await readdir(join(repo.root, '_checks'))).toEqual([others]);
});
