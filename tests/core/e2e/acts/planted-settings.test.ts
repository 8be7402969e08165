import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { safeGit } from '../../../../src/core/caller/context/session-branch.ts';
import { resolveBase } from '../../../../src/core/project/worktrees/base-commit.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

/** Key, and value with the path of its trap in place of TRAP. */
const PLANTS: readonly [key: string, value: string][] = [
  ['core.fsmonitor', 'TRAP'],
  ['core.hooksPath', 'HOOKS'],
  ['core.sshCommand', 'TRAP'],
  ['core.pager', 'TRAP'],
  ['credential.helper', '!TRAP'],
  ['diff.external', 'TRAP'],
  ['diff.evil.textconv', 'TRAP'],
  ['diff.evil.command', 'TRAP'],
  ['filter.evil.clean', 'TRAP'],
  ['filter.evil.smudge', 'TRAP'],
  ['merge.evil.driver', 'TRAP'],
  ['gpg.program', 'TRAP'],
  ['alias.status', '!TRAP'],
  ['alias.merge-base', '!TRAP'],
  ['remote.origin.uploadpack', 'TRAP'],
  ['include.path', 'INCLUDED'],
];

const HOOKS = ['post-checkout', 'post-merge', 'reference-transaction', 'post-index-change', 'pre-push'];

/** What an agent with the rights of its person may have left: traps that note their name. @returns the sprung ones */
async function plant({ repo }: SessionRig): Promise<() => string[]> {
  const traces = join(repo.root, 'traces');
  const folder = join(repo.root, 'planted');
  for (const each of [traces, folder]) await mkdir(each);
  const trap = async (name: string) => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n: >'${traces}/${name}'\nexit 1\n`, { mode: 0o755 });
    return path;
  };
  for (const name of HOOKS) await trap(name);
  const included = join(repo.root, 'included');
  const filter = `[filter "late"]\n\tclean = "${await trap('included')}"\n`;
  await writeFile(included, `${filter}[core]\n\talternateRefsCommand = "${await trap('included-core')}"\n`);
  for (const [key, value] of PLANTS) {
    const text = value.replace('TRAP', await trap(key)).replace('HOOKS', folder);
    await repo.git(['config', key, text.replace('INCLUDED', included)]);
  }
  await repo.git(['config', 'remote.origin.url', 'ssh://127.0.0.1:1/x']);
  await mkdir(join(repo.path, '.git/info'), { recursive: true });
  const attributes = '*.txt filter=evil diff=evil merge=evil\n*.md filter=late diff=evil\n';
  await writeFile(join(repo.path, '.git/info/attributes'), attributes);
  return () => readdirSync(traces).sort();
}

const command = (rig: SessionRig, ...argv: string[]) => {
  const { path: cwd, homeDir: home, env } = rig.repo;
  return typed([...argv], { cwd, home, env, programs: rig.context().programs });
};

const ACTS: readonly [act: string, ...options: string[]][] = [
  ['diff'],
  ['status'],
  ['verify'],
  ['finish'],
  ['worktrees'],
  ['finish', '--merge', '--yes'],
  ['finish', '--keep-branch', '--yes'],
  ['unarchive'],
  ['finish', '--discard', '--yes'],
];

test(
  'no act on a session without a guard starts what its agent planted in the settings of git',
  ci,
  async () => {
    await using rig = await startRig({ at: 'done', lines: { CHECK: 'test -e README.md' } });
    const { sandbox, worktree } = await rig.state();
    expect(sandbox).toBe('none');
    await endOfWorker(rig);
    const readme = join(worktree?.path ?? '', 'README.md');
    const text = await readFile(readme, 'utf8');
    await writeFile(readme, 'Changed\n');
    const sprung = await plant(rig);
    for (const [act, ...options] of ACTS) {
      if (options.length > 0) await writeFile(readme, text).catch(() => undefined);
      const session = act === 'worktrees' ? [] : [rig.file.folder];
      const { stderr, exitCode } = await command(rig, act, ...session, ...options);
      expect({ act, options, sprung: sprung(), stderr, exitCode }).toMatchObject({ sprung: [], exitCode: 0 });
    }
    const git = await safeGit(await rig.view(), rig.context());
    await resolveBase({ mainRepo: rig.repo.path, ...git });
    expect(sprung()).toEqual([]);
    // The same by the settings as they are.
    await resolveBase({ mainRepo: rig.repo.path, baseEnv: rig.repo.env });
    await writeFile(join(rig.repo.path, 'README.md'), 'Changed\n');
    await rig.repo.git(['add', 'README.md']).catch(() => '');
    expect(sprung()).toEqual(expect.arrayContaining(['core.fsmonitor', 'core.sshCommand', 'included']));
  },
);
