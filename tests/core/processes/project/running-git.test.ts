// @module-tag ci
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { waitForRunningGit } from '../../../../src/core/project/git/running-git.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test.each(['', 'its own'])('a git whose worker died is ended, with its pid recorded as "%s"', async (pid) => {
  await using repo = await makeRepo();
  const notes = join(repo.root, 'notes');
  await mkdir(notes);
  const env = { PATH: repo.env.PATH, SAMOCODE_GIT: 'note' };
  const git = spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' });
  const ended = once(git, 'exit');
  await writeFile(join(notes, 'note'), `${pid === '' ? '' : git.pid} reset`);
  await waitForRunningGit(notes, { clock: systemClock, host: await systemHost() });
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(await readdir(notes)).toEqual([]);
});
