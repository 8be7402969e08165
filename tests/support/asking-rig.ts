import { inject } from 'vitest';
import { type SessionRig, startRig } from './session-rig.ts';

/** A session that waits for answers, as every plain one does after two agents: a copy of the one that was prepared. */
export async function askingRig(): Promise<SessionRig> {
  return await startRig({ copyOf: inject('asking') });
}
