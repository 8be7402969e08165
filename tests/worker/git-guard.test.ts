import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sessionPaths } from '../../src/session/paths.ts';
import { GitGuard } from '../../src/worker/git-guard.ts';
import { fullDisk } from '../support/failing-disk.ts';
import { sessionFileSample } from '../support/session-file-sample.ts';
import { makeRepo } from '../support/temp-repo.ts';

async function scene() {
  const repo = await makeRepo();
  const paths = sessionPaths(repo.root, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const guard = () => new GitGuard(paths, { ...sample, mainRepo: repo.path }, repo.env);
  return { repo, guard };
}

test('what a person has accepted is known to every later worker, and a look accepts nothing', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await guard().accept(undefined);
  await repo.git(['config', 'filter.new.clean', 'new']);
  const changed = ['filter.new.clean: nothing -> new'];
  expect(await guard().look(undefined)).toEqual(changed);
  const worker = guard();
  expect(await worker.look(undefined)).toEqual(changed);
  expect(worker.context.config).toEqual([['filter.new.clean', '']]);
  await worker.accept(undefined);
  expect(worker.context.config).toEqual([]);
  expect(await guard().look(undefined)).toEqual([]);
});

test('what the disk did not take was not accepted', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.new.clean', 'new']);
  const worker = guard();
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(worker.accept(undefined)).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  expect(await worker.look(undefined)).toHaveLength(1);
});
