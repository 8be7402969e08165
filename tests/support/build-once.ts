import { builtPrograms } from './built-programs.ts';

/** Before the first test of a run: no test process then builds what another one builds at the same time. */
export async function setup(): Promise<void> {
  await builtPrograms();
  await builtPrograms({}, { faults: true });
}
