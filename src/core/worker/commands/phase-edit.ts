import type { Phase } from '../../kernel/phases/table.ts';
import { cameByCommit } from '../../project/finding/own-places.ts';
import { closedGateBefore } from '../../session/commands/judge-running.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { phaseWritten } from '../../session/waits/next-wake.ts';
import { readOwnOverview } from '../documents/own-documents.ts';
import { readQuestions } from '../state/evidence.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';

/**
 * Applies a `Phase:` line that a person changed while no agent ran (an agent's change is reverted when the agent ends).
 * It never skips a closed gate.
 * @returns true when something was recorded
 */
export async function applyPhaseEdit(worker: Worker): Promise<boolean> {
  // A change that could not be reverted might be an agent's, and so might any change while an iteration is open.
  if (worker.projector.problem !== undefined || stateOf(worker).openIteration !== undefined) return false;
  const phase = await writtenPhase(worker);
  if (phase === undefined) return false;
  await setPhase(worker, phase);
  return true;
}

/**
 * The phase that a person wrote into the overview while no worker was running. Read it before the worker writes there;
 * undefined unless the last worker had reverted the changes of its last agent.
 */
export async function phaseSetByHand(worker: Worker): Promise<Phase | undefined> {
  const { status, openIteration } = stateOf(worker);
  if (!RESTING.has(status.kind) || openIteration !== undefined) return undefined;
  const phase = await writtenPhase(worker);
  if (phase === undefined) return undefined;
  const events = await readEvents(worker.paths, 0);
  const rested = events.findLast(({ type }) => RESTS.has(type));
  return rested === undefined || worker.projector.writtenUpTo() < rested.n ? undefined : phase;
}

const RESTING: ReadonlySet<string> = new Set(['stopped', 'waiting', 'blocked', 'limited', 'queued']);
const RESTS: ReadonlySet<string> = new Set(['stopped', 'parked', 'blocked', 'limited', 'queued']);

/** Sets the phase that a person wrote, or records why not; the overview then shows the actual phase. */
export async function setPhase(worker: Worker, phase: Phase): Promise<void> {
  const from = stateOf(worker).progress.phase;
  const closed = await closedGate(worker, phase);
  if (closed === undefined) {
    await record(worker, phaseSet(worker, phase));
  } else {
    const reason = `The Phase line names ${phase}, but ${closed}. It was set back to ${from}.`;
    await record(worker, { type: 'notice', code: 'gate_closed', text: reason });
  }
}

/** The phase that the overview names, if it is another one; a pull brings no act. */
export async function writtenPhase(worker: Worker): Promise<Phase | undefined> {
  const phase = phaseWritten(stateOf(worker), await readOwnOverview(worker.paths));
  if (phase === undefined) return undefined;
  return (await cameByCommit(worker.paths.overview, { baseEnv: worker.env })) ? undefined : phase;
}

/** Why no person can put the session into a phase now. */
export async function closedGate(worker: Worker, target: Phase): Promise<string | undefined> {
  const { open } = await readQuestions(worker);
  const { gates } = worker.file.settings;
  return closedGateBefore(target, stateOf(worker), { gates, open: open.length });
}

export function phaseSet(worker: Worker, phase: Phase): NewEvent {
  const from = stateOf(worker).progress.phase;
  return { type: 'phase_set', phase, from, flow: `Phase set from ${from} to ${phase} by hand` };
}
