import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { previewFinish } from '../../../src/core/acts/finish/finish-session.act.ts';
import { namesAt } from '../../../src/core/kernel/files/path-stats.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { sparsePartialClone } from '../../support/kinds-of-checkouts.ts';
import { makeProject } from '../../support/project.ts';
import { DONE, shell } from '../../support/scenario-rules.ts';
import { startRig } from '../../support/session-rig.ts';
import { writeBelow } from '../../support/temp-dir.ts';
import type { TempRepo } from '../../support/temp-repo.ts';
import { addLibraries } from '../../support/with-libraries.ts';

const sh = (command: string) => ({ act: 'run', command: ['sh', '-ec', command] });

test('an agent in the guard commits in a submodule that borrows the objects of the main checkout, and the proof has its commit', async () => {
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    phase: 'done',
    lines: { CHECK: 'grep newer libs/outer/lib.txt && grep inner libs/outer/inner/lib.txt' },
    repo: { files: { 'a.txt': 'a\n' }, rearrange: addLibraries },
    scenario: {
      rules: [
        {
          when: { phase: 'done' },
          do: [
            sh('cd libs/outer; git log -p >/dev/null; echo newer >lib.txt'),
            sh('cd libs/outer; git -c user.name=x -c user.email=x@example.invalid commit -qam Newer'),
            sh('git add libs/outer; git commit -qm "A newer library"'),
            DONE,
          ],
        },
      ],
    },
  });
  const main = () => readFile(join(rig.repo.path, '.git/modules/libs/outer/config'), 'utf8');
  const before = await main();
  await rig.until(({ status }) => status.kind === 'done');
  expect(await main()).toBe(before);
  const branch = rig.file.settings.branch;
  expect(await rig.repo.git(['log', '-1', '--format=%s', branch])).toBe('A newer library');
});

test('an agent in the guard works in a sparse and partial clone, whose proof fetches nothing beyond the patterns', async () => {
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    phase: 'done',
    lines: { CHECK: 'test -e src/work.txt && ! test -e other' },
    repo: { files: { 'src/a.txt': 'a\n', 'other/b.txt': 'b\n' }, rearrange: sparsePartialClone },
    scenario: {
      rules: [
        {
          when: { phase: 'done' },
          do: [sh('echo work >src/work.txt; git add src; git commit -qm Work'), DONE],
        },
      ],
    },
  });
  await rig.until(({ status }) => status.kind === 'done');
  const { branch } = rig.file.settings;
  expect(await rig.repo.git(['log', '-1', '--format=%s', branch])).toBe('Work');
  const objects = await rig.repo.git(['rev-list', '--objects', '--missing=print', branch]);
  expect(objects.match(/^\?\w+$/gm)).toHaveLength(1);
});

const BARE = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.bareRepository',
  GIT_CONFIG_VALUE_0: 'explicit',
};

/** Settings of the person themselves. */
async function setForAll({ git }: TempRepo, settings: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(settings)) await git(['config', '--global', key, value]);
}

async function setTheRest(repo: TempRepo): Promise<void> {
  const at = (name: string) => join(repo.root, name);
  await writeBelow(repo.root, { ignore: '*.log\n', attributes: '* text eol=crlf\n' });
  await mkdir(at('hooks'));
  for (const hook of ['post-checkout', 'pre-commit', 'reference-transaction'])
    await writeFile(at(`hooks/${hook}`), `#!/bin/sh\necho ${hook} >>'${at('ran')}'\n`, { mode: 0o755 });
  await setForAll(repo, {
    'init.defaultObjectFormat': 'sha256',
    'init.defaultRefFormat': 'files',
    'protocol.allow': 'never',
    'core.excludesFile': at('ignore'),
    'core.attributesFile': at('attributes'),
    'core.hooksPath': at('hooks'),
    'clone.rejectShallow': 'true',
    'submodule.recurse': 'true',
    'core.fsmonitor': 'true',
    'gc.auto': '1',
  });
}

test.each<[string, (repo: TempRepo) => unknown]>([
  ['safe.bareRepository=explicit', (repo) => setForAll(repo, { 'safe.bareRepository': 'explicit' })],
  ['the same in the environment, as agents have it in their shells', ({ env }) => Object.assign(env, BARE)],
  ['other ways to be careful, all at once', setTheRest],
])("a session in the guard is done under a person's settings of git: %s", ci, async (_, set) => {
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    phase: 'done',
    lines: { CHECK: 'test -e work.txt' },
    repo: { files: { 'README.md': '# Boats\n' }, rearrange: async (repo) => void (await set(repo)) },
    scenario: {
      rules: [
        { when: { phase: 'done' }, do: [sh('echo work >work.txt; git add .; git commit -qm Work'), DONE] },
      ],
    },
  });
  const { progress } = await rig.until(({ status }) => ['done', 'blocked'].includes(status.kind));
  const { branch } = rig.file.settings;
  expect(await rig.repo.git(['log', '--format=%s', branch])).toBe('Work\nFirst commit');
  expect((await rig.state()).status.kind).toBe('done');
  expect(progress.totalIterations).toBe(1);
  expect(namesAt(rig.repo.root)).not.toContain('ran');
});

test('agents of a user who signs commit without a signature, and proof and finish say so with the command that signs', async () => {
  await using rig = await startRig({ sandbox: 'guard', lines: { CHECK: 'true' } });
  await rig.untilWaiting('qa_answers');
  await rig.repo.git(['config', '--global', 'commit.gpgSign', 'true']);
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  await rig.approve();
  const { worktree } = await rig.until(({ status }) => status.kind === 'done');
  const base = worktree?.baseCommit ?? '';
  const commits = await rig.repo.git(['rev-list', '--count', `${base}..${worktree?.branch}`]);
  const words = `${commits} commits are unsigned. In the worktree, \`git rebase --force-rebase --gpg-sign ${base.slice(0, 12)}\` signs them.`;
  expect(Number(commits)).toBeGreaterThan(1);
  expect(await readFile(join(rig.paths.proof, 'proof.md'), 'utf8')).toContain(words);
  for (const how of ['merge', 'pull_request'] as const) {
    const { would } = await previewFinish({ session: rig.file.folder, how, keep: [] }, rig.context());
    expect(would).toContain(words);
  }
});

test(
  'what SETUP made is not in the commits of an agent that adds all files, and does not count',
  ci,
  async () => {
    const commits = 'echo x >work; git status --short >status.txt; git add --all; git commit -qm Work';
    await using rig = await startRig({
      sandbox: 'guard',
      phase: 'done',
      lines: { SETUP: "mkdir -p '.venv/bin [x]'; echo x >'.venv/bin [x]/python'; echo y >'odd*name '" },
      repo: { files: { 'README.md': '# Boats\n' } },
      scenario: {
        rules: [
          {
            when: { phase: 'done' },
            do: [shell(commits), DONE],
          },
        ],
      },
    });
    await rig.until(({ status }) => status.kind === 'done');
    const { branch } = rig.file.settings;
    expect(await rig.repo.git(['ls-tree', '-r', '--name-only', branch])).toBe('README.md\nstatus.txt\nwork');
    expect(await rig.repo.git(['show', `${branch}:status.txt`])).toBe('?? status.txt\n?? work');
  },
);

test.each([
  ['below it', 'my data'],
  ['on it', '.'],
])('a worktree with something mounted %s is not removed, and nothing of it is deleted', ci, async (_, at) => {
  const { repo, worktreesDir } = await makeProject();
  await using _repo = repo;
  const path = join(worktreesDir, '26-01-08-login');
  await repo.git(['worktree', 'add', '-q', path]);
  // samocode made it for a session that is gone.
  await repo.git(['update-ref', `refs/samocode/26-01-08-login-${'0'.repeat(26)}/000`, 'HEAD']);
  await writeFile(join(repo.path, '.git/info/exclude'), '/my data\n/_samocode\n');
  const mount = join(path, at);
  await mkdir(mount, { recursive: true });
  // The mount is visible only in the namespace of this command.
  const source = at === '.' ? path : join(repo.root, 'photos');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'README.md'), '# A project\n');
  const prune = async (...mounts: string[]) => {
    const { cli } = await builtPrograms();
    const args = ['--dev-bind', '/', '/', ...mounts, process.execPath, cli, 'worktrees', '--prune', '--json'];
    const { stdout } = await runCommand('bwrap', args, { cwd: repo.path, env: repo.env });
    return JSON.parse(stdout);
  };
  expect(await prune('--bind', source, mount)).toMatchObject({
    removed: [],
    worktrees: [{ path, kept: `${mount} is a mount point, which cannot be deleted with the worktree.` }],
  });
  expect(await readFile(join(source, 'README.md'), 'utf8')).toBe('# A project\n');
  expect(await prune()).toMatchObject({ removed: [path], worktrees: [] });
});
