import { readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { builtPrograms, fixSources } from './built-programs.ts';
import { PLAYED_SESSIONS } from './played-once.ts';
import { tempDir } from './temp-dir.ts';
import { makeRepo, PLAIN_REPOSITORY } from './temp-repo.ts';

/** Runs before the first test, so that two test processes never build the same program at once. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await fixSources();
  project.onTestsRerun(fixSources);
  await builtPrograms();
  // `npm test` has no crash points.
  if (project.name !== 'unit') await builtPrograms({}, { faults: true });
  if (process.env[PLAIN_REPOSITORY] !== undefined) return async () => {};
  const repo = await makeRepo();
  process.env[PLAIN_REPOSITORY] = repo.path;
  const played = await tempDir('samocode-played-');
  process.env[PLAYED_SESSIONS] = played.path;
  return async () => {
    for (const name of await readdir(played.path))
      await rm(await realpath(join(played.path, name)), { recursive: true, force: true });
    await played[Symbol.asyncDispose]();
    await repo[Symbol.asyncDispose]();
  };
}
