import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { gitDirOf } from '../../../src/core/kernel/files/git-pointer.ts';
import { noticesOf } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import type { FaultRow } from './fault-row.ts';
import { WORKS } from './in-one-session.ts';

const waitsFor = (name: string) => ({
  act: 'run',
  command: ['sh', '-c', `touch is-up; until [ -e ${name} ]; do sleep 0.05; done; rm -f is-up ${name}`],
});

/** A person has `git commit -a` open in the worktree, with its editor, when the first agent ends. */
export const personCommits = (...begins: object[]): Pick<FaultRow, 'rules' | 'act' | 'sparesWorker'> => ({
  rules: [1, 2].map((iteration) => ({
    when: { iteration },
    do: [...begins, waitsFor(`go-${iteration}`), ...WORKS],
  })),
  sparesWorker: true,
  act: async (rig) => {
    const worktree = (await rig.state()).worktree?.path ?? '';
    const has = (path: string) => eventually(async () => existsSync(path), { what: path });
    const lets = (name: string) => writeFile(join(worktree, name), '');
    await has(join(worktree, 'is-up'));
    const [file = ''] = (await rig.repo.git(['ls-files', '*.js', '*.md'], worktree)).split('\n');
    await appendFile(join(worktree, file), '\n');
    const editor = join(rig.repo.root, 'editor.sh');
    const [open, close] = [`${editor}.open`, `${editor}.close`];
    await writeFile(
      editor,
      `#!/bin/sh\ntouch ${open}; until [ -e ${close} ]; do sleep 0.05; done; echo Mine >"$1"\n`,
      { mode: 0o755 },
    );
    const commit = spawn('git', ['commit', '-a', '-q'], {
      cwd: worktree,
      env: { ...rig.repo.env, GIT_EDITOR: editor },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const closed = once(commit, 'close');
    await has(open);
    const lock = join((await gitDirOf(worktree)) ?? '', 'index.lock');
    expect(existsSync(lock), 'the lock of the commit').toBe(true);
    await lets('go-1');
    await ended(rig, 1);
    await has(join(worktree, 'is-up'));
    expect(existsSync(lock), 'the lock after the agent').toBe(true);
    await writeFile(close, '');
    expect(await closed).toEqual([0, null]);
    expect(await rig.repo.git(['log', '-1', '--format=%s'], worktree)).toBe('Mine');
    expect(await rig.repo.git(['status', '--porcelain', '--', file], worktree)).toBe('');
    await lets('go-2');
  },
});

async function ended(rig: SessionRig, iteration: number): Promise<void> {
  const has = async () =>
    (await rig.events()).some((event) => event.type === 'iteration_ended' && event.iteration === iteration);
  await eventually(has, { what: `the end of iteration ${iteration}` });
}

/** The notices about locks that were left. */
export async function locksNamed(rig: SessionRig): Promise<string[]> {
  return (await noticesOf(rig, 'locks')).map(({ text }) => text);
}
