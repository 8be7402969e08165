import { inject } from 'vitest';
import { type RigPlan, type SessionRig, startRig } from './session-rig.ts';

type Plan = Pick<RigPlan, 'scenario' | 'files' | 'faults' | 'here' | 'supervised'>;

/** A session that waits for answers, as every plain one does after two agents: a copy of the prepared one. */
export async function askingRig(plan: Plan = {}): Promise<SessionRig> {
  return await startRig({ ...plan, copyOf: inject('asking') });
}

/** The same for one whose plan waits for an approval; the suggestions were accepted at its start. */
export async function plannedRig(plan: Plan = {}): Promise<SessionRig> {
  return await startRig({ ...plan, copyOf: inject('planned') });
}
