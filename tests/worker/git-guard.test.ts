import { mkdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sessionPaths } from '../../src/session/paths.ts';
import { GitGuard } from '../../src/worker/git-guard.ts';
import { fullDisk } from '../support/failing-disk.ts';
import { sessionFileSample } from '../support/session-file-sample.ts';
import { makeRepo } from '../support/temp-repo.ts';

test('the settings of the start are kept on disk also when it took nothing at the first look', async () => {
  const repo = await makeRepo();
  await using _ = repo;
  const paths = sessionPaths(repo.root, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const guard = new GitGuard(paths, { ...sample, mainRepo: repo.path }, repo.env);
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(guard.look(undefined)).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  await guard.look(undefined);
  expect(JSON.parse(await readFile(paths.gitSettings, 'utf8'))).toHaveProperty('programs');
});
