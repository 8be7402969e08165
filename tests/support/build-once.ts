import type { TestProject } from 'vitest/node';
import { builtPrograms } from './built-programs.ts';
import { makeRepo, PLAIN_REPOSITORY } from './temp-repo.ts';

/** Runs before the first test, so that two test processes never build the same program at once. */
export async function setup({ name }: TestProject): Promise<() => Promise<void>> {
  await builtPrograms();
  // `npm test` has no crash points.
  if (name !== 'unit') await builtPrograms({}, { faults: true });
  if (process.env[PLAIN_REPOSITORY] !== undefined) return async () => {};
  const repo = await makeRepo();
  process.env[PLAIN_REPOSITORY] = repo.path;
  return async () => await repo[Symbol.asyncDispose]();
}
