import fs from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { expect, test } from 'vitest';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { gitProgramsChanged, mainCheckoutNow } from '../../../../src/core/worker/guarding/changes.ts';
import { GitGuard } from '../../../../src/core/worker/state/git-guard.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

/** Until disposed, no folder can be listed, as with too many open files. */
function tooManyFiles(): Disposable {
  const real = fs.readdirSync;
  const replace = (readdirSync: unknown) => {
    Object.assign(fs, { readdirSync });
    syncBuiltinESMExports();
  };
  replace(() => {
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  });
  return { [Symbol.dispose]: () => replace(real) };
}

test('a machine that briefly cannot open files does not change the executable git settings', async () => {
  await using repo = await makeRepo();
  const paths = sessionPaths(repo.root, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const git = new GitGuard(paths, { ...file, mainRepo: repo.path }, repo.env, () => 'none');
  await git.accept(undefined);
  const worker = { git, writer: { state: {} } } as Partial<Worker> as Worker;
  {
    using _busy = tooManyFiles();
    await expect(gitProgramsChanged(worker)).rejects.toMatchObject({
      code: 'EMFILE',
    });
  }
  expect(await gitProgramsChanged(worker)).toEqual([]);
});

test.each([
  ['none', 'main'],
  ['guard', undefined],
  ['strict', undefined],
])('at level %s, the main checkout is read as %j: a guard keeps agents from it', async (level, branch) => {
  await using repo = await makeRepo();
  const worker = {
    guard: { now: async () => ({ level }) },
    file: { mainRepo: repo.path },
    git: { context: { baseEnv: repo.env } },
  } as unknown as Worker;
  expect((await mainCheckoutNow(worker))?.branch).toBe(branch);
});
