import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepCheckpoint } from '../../../../src/core/project/checkpoints/checkpoint.ts';
import { restoreCheckpoint } from '../../../../src/core/project/checkpoints/restore-checkpoint.ts';
import { quickPrint } from '../../../../src/core/project/checkpoints/worktree-print.ts';
import { readExecuting } from '../../../../src/core/project/git/executing-settings.ts';
import { undoChanged } from '../../../../src/core/project/git/git-programs.ts';
import { commitOf, type GitContext, requireIdentity } from '../../../../src/core/project/git/repository.ts';
import { resolveBase } from '../../../../src/core/project/worktrees/base-commit.ts';
import { commitsSince, diffPatch, diffStat } from '../../../../src/core/project/worktrees/changes.ts';
import { inspectWorktree } from '../../../../src/core/project/worktrees/inspect-worktree.ts';
import { readMainCheckout } from '../../../../src/core/project/worktrees/main-checkout.ts';
import { rejoinWorktree } from '../../../../src/core/project/worktrees/rejoin-worktree.ts';
import { removeWorktree } from '../../../../src/core/project/worktrees/remove-worktree.ts';
import { type CheckpointScene, checkpointScene } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { IDENTITY } from '../../../support/temp-repo.ts';

/** Every git setting that names a program and could be reached; `TRAP` records that it ran. */
const PLANTS: readonly string[] = [
  'core.hooksPath=HOOKS',
  'core.fsmonitor=TRAP',
  'core.editor=TRAP',
  'sequence.editor=TRAP',
  'core.pager=TRAP',
  'pager.log=TRAP',
  'core.askPass=TRAP',
  'core.sshCommand=TRAP',
  'core.gitProxy=TRAP',
  'core.alternateRefsCommand=TRAP',
  'credential.helper=!TRAP',
  'credential.HTTP.helper=!TRAP',
  'filter.evil.clean=TRAP',
  'filter.evil.smudge=TRAP',
  'filter.evil.process=TRAP',
  'filter.e=v.clean=TRAP',
  'filter.e=v.required=true',
  'diff.external=TRAP',
  'diff.evil.command=TRAP',
  'diff.evil.textconv=TRAP',
  'diff.submodule=diff',
  'merge.evil.driver=TRAP',
  'commit.gpgSign=true',
  'tag.gpgSign=true',
  'log.showSignature=true',
  'gpg.program=TRAP',
  'gpg.format=ssh',
  'gpg.ssh.program=TRAP',
  'gpg.ssh.defaultKeyCommand=TRAP',
  'hook.evil.command=TRAP',
  'hook.evil.event=post-checkout',
  'remote.origin.uploadpack=TRAP',
  'remote.origin.receivepack=TRAP',
  'remote.evil.url=ext::TRAP',
  'remote.evil.promisor=true',
  'protocol.ext.allow=always',
  'protocol.allow=always',
  'submodule.sub.update=!TRAP',
  'submodule.recurse=true',
  'fetch.recurseSubmodules=true',
  'uploadpack.packObjectsHook=TRAP',
  'trailer.evil.command=TRAP',
  'trailer.evil.cmd=TRAP',
  'interactive.diffFilter=TRAP',
  'init.templateDir=HOOKS',
  'alias.status=!TRAP',
  'gc.auto=1',
  'gc.recentObjectsHook=TRAP',
  'ssh.variant=simple',
];

const ATTRIBUTES = 'a.txt filter=evil diff=evil merge=evil\n*.md filter=e=v diff=evil\n';
const HOOKS = ['post-checkout', 'post-commit', 'pre-commit', 'post-index-change', 'reference-transaction'];

interface Trapped extends CheckpointScene {
  /** Names of the triggered traps. */
  caught(): Promise<string[]>;
  trap(name: string): Promise<string>;
  plant(file: string, without?: RegExp): Promise<void>;
}

async function trapped(http = 'http://127.0.0.1:1'): Promise<Trapped> {
  const scene = await checkpointScene();
  const { repo } = scene;
  const traces = join(repo.root, 'traces');
  await mkdir(traces);
  const trap = async (name: string) => {
    const path = join(repo.root, `trap-${name.replace(/\W/g, '-')}`);
    await writeFile(path, `#!/bin/sh\n: > '${traces}/${name.replace(/\W/g, '-')}'\nexit 1\n`, {
      mode: 0o755,
    });
    return path;
  };
  const hooks = join(repo.root, 'planted-hooks');
  await mkdir(hooks);
  for (const name of HOOKS) {
    await writeFile(join(hooks, name), `#!/bin/sh\n: > '${traces}/hook-${name}'\n`, { mode: 0o755 });
  }
  const plant = async (file: string, without = /^$/) => {
    const lines: string[] = [];
    for (const line of PLANTS.filter((each) => !without.test(each))) {
      const [, key = '', value = ''] = /^(.*?[a-z])=((?!v\.).*)$/is.exec(line) ?? [];
      const text = value.replace('TRAP', await trap(key)).replace('HOOKS', hooks);
      const [, section, part, name] = /^(\w+)\.(?:(.*)\.)?(\w+)$/s.exec(key.replace('HTTP', http)) ?? [];
      lines.push(`[${section}${part === undefined ? '' : ` "${part}"`}]`, `\t${name} = "${text}"`);
    }
    // As an agent writes them, without running git for each.
    await appendFile(file, `${lines.join('\n')}\n`);
  };
  return { ...scene, trap, plant, caught: async () => (await readdir(traces)).sort() };
}

/** A repository inside the worktree, registered like a submodule, with its own settings. */
async function nest({ repo, worktreePath, plant }: Trapped): Promise<void> {
  const inner = join(worktreePath, 'inner');
  await mkdir(inner);
  const git = (args: readonly string[]) => repo.git([...IDENTITY, ...args], inner);
  await git(['init', '-q']);
  await writeFile(join(inner, 'a.txt'), 'one\n');
  await git(['add', '-A']);
  await git(['commit', '-q', '-m', 'Inner']);
  await repo.git(['add', 'inner'], worktreePath);
  await plant(join(inner, '.git/config'));
  await writeFile(join(inner, '.gitattributes'), ATTRIBUTES);
  await writeFile(join(inner, 'a.txt'), 'two\n');
}

/** Every kind of git call made after an agent could have planted something. */
async function allOurCalls(scene: Trapped, context: GitContext): Promise<void> {
  const { repo, place, worktreePath } = scene;
  const { mainRepo, branch } = place;
  const base = await repo.git(['rev-parse', 'main']);
  const range = { ...context, cwd: worktreePath, base };
  const plan = { ...place, ...context };
  await quickPrint(worktreePath, context);
  await readMainCheckout({ mainRepo, ...context });
  const first = await keepCheckpoint({ ...plan, moment: { kind: 'after', iteration: 1 } });
  await writeFile(join(worktreePath, 'a.txt'), 'three\n');
  await keepCheckpoint({ ...plan, moment: { kind: 'after', iteration: 2 } });
  await restoreCheckpoint({ ...plan, commit: first.commit, id: '1' });
  await commitsSince(range);
  await diffStat(range);
  await diffPatch({ ...range, paths: ['a.txt'] });
  await inspectWorktree({ mainRepo, worktreePath, ...context });
  await requireIdentity(worktreePath, context);
  await resolveBase({ mainRepo, ...context });
  await rm(join(worktreePath, '.git'));
  await rejoinWorktree({ mainRepo, worktreePath, branch, baseCommit: base, ...context });
  await rm(worktreePath, { recursive: true });
  await rejoinWorktree({ mainRepo, worktreePath, branch, baseCommit: base, ...context });
  await removeWorktree({ mainRepo, worktreePath, ...context }).catch(() => undefined);
}

const guard = async ({ repo, worktreePath }: CheckpointScene, act: () => Promise<void>) => {
  const read = () =>
    readExecuting({ commonDir: join(repo.path, '.git'), worktreePath }, { baseEnv: repo.env });
  const before = await read();
  await act();
  return { baseEnv: repo.env, config: undoChanged(before, await read(), repo.env) };
};

test.concurrent.each([
  { where: "the repository's settings", url: 'ssh://nowhere.invalid/x' },
  { where: 'a file that they include', url: 'git://127.0.0.1:1/x' },
  { where: 'the settings of single worktrees', url: 'ext::TRAP' },
])('no git call of samocode starts a program that an agent planted: $where', ci, async ({ where, url }) => {
  const scene = await trapped();
  const { repo, worktreePath, sessionDir, plant } = scene;
  await using _ = repo;
  await repo.git(['remote', 'add', 'origin', '/nowhere']);
  const context = await guard(scene, async () => {
    await repo.git(['remote', 'set-url', 'origin', url.replace('TRAP', await scene.trap('url'))]);
    if (where.startsWith('the repository')) await plant(join(repo.path, '.git/config'));
    if (where.startsWith('a file')) {
      await plant(join(repo.root, 'included'));
      await repo.git(['config', 'includeIf.gitdir:**.path', join(repo.root, 'included')]);
    }
    if (where.startsWith('the settings of')) {
      await repo.git(['config', 'extensions.worktreeConfig', 'true']);
      await plant(join(repo.path, '.git/config.worktree'));
      await plant(join(repo.path, '.git/worktrees', '26-01-08-x', 'config.worktree'));
    }
    for (const folder of [repo.path, worktreePath, sessionDir]) {
      await writeFile(join(folder, '.gitattributes'), ATTRIBUTES);
    }
    await writeFile(join(repo.path, '.git/info/attributes'), ATTRIBUTES);
    await writeFile(join(repo.path, 'a.txt'), 'two\n');
    await writeFile(join(worktreePath, 'a.txt'), 'two\n');
    await nest(scene);
    for (const hook of HOOKS) {
      const text = `#!/bin/sh\n: > '${repo.root}/traces/hook-${hook}'\n`;
      await writeFile(join(repo.path, '.git/hooks', hook), text, { mode: 0o755 });
    }
    await rm(join(repo.root, 'traces'), { recursive: true });
    await mkdir(join(repo.root, 'traces'));
  });
  await allOurCalls(scene, context);
  expect(await scene.caught()).toEqual([]);
});

test.concurrent('the traps work: an unguarded git reads and triggers all of them', async () => {
  const scene = await trapped();
  const { repo, worktreePath } = scene;
  await using _ = repo;
  const listed = join(repo.root, 'listed');
  await scene.plant(listed);
  const keys = await repo.git(['config', '--file', listed, '--list', '--name-only']);
  expect(keys.split('\n')).toHaveLength(PLANTS.length);
  await scene.plant(join(repo.path, '.git/config'));
  await writeFile(join(worktreePath, '.gitattributes'), ATTRIBUTES);
  await writeFile(join(worktreePath, 'a.txt'), 'two\n');
  await nest(scene);
  const git = async (args: readonly string[]) => await repo.git(args, worktreePath).catch(() => '');
  await git(['status']);
  await git(['-c', 'filter.evil.process=', 'diff']);
  await git(['fetch', 'ssh://nowhere.invalid/x']);
  await git(['fetch', 'git://127.0.0.1:1/x']);
  await git(['fetch', `ext::${await scene.trap('url')}`]);
  expect(await scene.caught()).toEqual(
    expect.arrayContaining([
      'core-fsmonitor',
      'core-gitProxy',
      'core-sshCommand',
      'diff-evil-command',
      'filter-evil-process',
      'url',
    ]),
  );
});

test.concurrent('no program planted by an agent fetches a missing object, guarded or not', async () => {
  const scene = await trapped();
  const { repo, trap, caught } = scene;
  await using _ = repo;
  const missing = '1'.repeat(40);
  const context = await guard(scene, async () => {
    await repo.git(['config', 'core.sshCommand', await trap('ssh')]);
    await repo.git(['config', 'remote.evil.url', 'ssh://nowhere.invalid/x']);
    await repo.git(['config', 'remote.evil.promisor', 'true']);
    await repo.git(['config', 'remote.local.url', repo.path]);
    await repo.git(['config', 'remote.local.uploadpack', await trap('uploadpack')]);
    await repo.git(['config', 'remote.local.promisor', 'true']);
  });
  for (const each of [context, { baseEnv: repo.env }]) {
    expect(await commitOf(missing, { ...each, cwd: repo.path })).toBeUndefined();
    await expect(commitsSince({ ...each, cwd: repo.path, base: missing })).rejects.toMatchObject({
      code: 'git_failed',
    });
  }
  expect(await caught()).toEqual([]);
  await expect(repo.git(['cat-file', '-t', missing])).rejects.toThrow('git cat-file');
  expect(await caught()).toEqual(['ssh', 'uploadpack']);
});

test.concurrent("the user's helper and ssh command are used, and a planted one next to them is not", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const scene = await trapped(`http://127.0.0.1:${port}`);
  const { repo, trap, plant, caught } = scene;
  await using _ = repo;
  try {
    await repo.git(['config', '--global', 'credential.helper', `!${await trap('of the person')}`]);
    await repo.git(['config', 'credential.helper', `!${await trap('of the project')}`]);
    await repo.git(['config', 'core.sshCommand', await trap('ssh of the project')]);
    await repo.git(['remote', 'add', 'origin', `http://127.0.0.1:${port}/x`]);
    const context = await guard(scene, () => plant(join(repo.path, '.git/config'), /pack=/));
    await resolveBase({ mainRepo: repo.path, ...context });
    expect(await caught()).toEqual(['of-the-person', 'of-the-project']);
    await repo.git(['remote', 'set-url', 'origin', 'ssh://nowhere.invalid/x']);
    await resolveBase({ mainRepo: repo.path, ...context });
    expect(await caught()).toEqual(['of-the-person', 'of-the-project', 'ssh-of-the-project']);
  } finally {
    server.close();
  }
});
