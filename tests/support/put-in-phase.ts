import { readFile, writeFile } from 'node:fs/promises';
import type { Phase } from '../../src/phases/table.ts';
import type { SessionRig } from './session-rig.ts';

/**
 * Stops a session whose first agent hangs, writes the phase into its overview as a person may, and lets it continue
 * there.
 */
export async function putInPhase(rig: SessionRig, phase: Phase): Promise<void> {
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  await setPhase(rig, phase);
  await rig.resume();
}

/** Writes the phase into the overview, as a person may while no agent runs. */
export async function setPhase({ paths }: SessionRig, phase: Phase): Promise<void> {
  const text = await readFile(paths.overview, 'utf8');
  await writeFile(paths.overview, text.replace(/^Phase: .*$/m, `Phase: ${phase}`));
}
