// @module-tag ci
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { GitGuard } from '../../../../src/core/worker/core/git-guard.ts';
import { fullDisk } from '../../../support/failing-disk.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

async function scene() {
  const repo = await makeRepo();
  const paths = sessionPaths(repo.root, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const guard = () => new GitGuard(paths, { ...sample, mainRepo: repo.path }, repo.env);
  return { repo, guard, path: paths.gitSettings };
}

test('settings that a person accepted are known to every later worker, and reading accepts nothing', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await guard().accept(undefined);
  await repo.git(['config', 'filter.new.clean', 'new']);
  const changed = ['filter.new.clean: nothing -> new'];
  expect(await guard().unaccepted(undefined)).toEqual(changed);
  const worker = guard();
  expect(await worker.unaccepted(undefined)).toEqual(changed);
  expect(worker.context.config).toEqual([['filter.new.clean', '']]);
  await worker.accept(undefined);
  expect(worker.context.config).toEqual([]);
  expect(await guard().unaccepted(undefined)).toEqual([]);
});

test("after the record of accepted settings was changed, it is restored from this worker's memory, or emptied", async () => {
  const { repo, guard, path } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.new.clean', 'new']);
  const worker = guard();
  await worker.accept(undefined);
  await rm(path);
  await mkdir(join(path, 'x'), { recursive: true });
  await worker.writeAgain(true);
  expect(await guard().unaccepted(undefined)).toEqual([]);
  await worker.writeAgain(false);
  for (const each of [worker, guard()])
    expect(await each.unaccepted(undefined)).toContain('filter.new.clean: nothing -> new');
});

test('settings whose acceptance could not be written were not accepted', async () => {
  const { repo, guard } = await scene();
  await using _ = repo;
  await repo.git(['config', 'filter.new.clean', 'new']);
  const worker = guard();
  {
    using _full = fullDisk({ atWrite: 1, bytes: 0 });
    await expect(worker.accept(undefined)).rejects.toMatchObject({ code: 'ENOSPC' });
  }
  expect(await worker.unaccepted(undefined)).toHaveLength(1);
});
