import { readFile, writeFile } from 'node:fs/promises';
import type { Phase } from '../../src/phases/table.ts';
import type { SessionRig } from './session-rig.ts';

/** Stops a session whose first child hangs, writes the phase into its notebook as a person may, and lets it go on there. */
export async function putInPhase(rig: SessionRig, phase: Phase): Promise<void> {
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  const { overview } = rig.paths;
  await writeFile(overview, (await readFile(overview, 'utf8')).replace(/^Phase: .*$/m, `Phase: ${phase}`));
  await rig.resume();
}
