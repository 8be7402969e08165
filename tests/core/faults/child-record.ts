import { readFile } from 'node:fs/promises';
import type { ProcessIdentity } from '../../../src/core/kernel/processes/host.ts';
import { ChildRecord } from '../../../src/core/sandbox/programs/run-child.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import type { SessionRig } from '../../support/session-rig.ts';

/** The wrapper of an iteration's agent, as the worker recorded it. */
export async function readChildRecordAt(rig: SessionRig, iteration: number): Promise<ProcessIdentity> {
  const text = await readFile(iterationPaths(rig.paths, iteration).child, 'utf8');
  return ChildRecord.parse(JSON.parse(text)).wrapper;
}
