import { builtPrograms } from './built-programs.ts';
import { makeRepo, PLAIN_REPOSITORY } from './temp-repo.ts';

/** Before the first test of a run: no test process then builds what another one builds at the same time. */
export async function setup(): Promise<() => Promise<void>> {
  await builtPrograms();
  await builtPrograms({}, { faults: true });
  if (process.env[PLAIN_REPOSITORY] !== undefined) return async () => {};
  const repo = await makeRepo();
  process.env[PLAIN_REPOSITORY] = repo.path;
  return async () => await repo[Symbol.asyncDispose]();
}
