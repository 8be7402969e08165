import { PHASE_NAMES, type Phase, phaseNamed } from '../../phases/table.ts';
import { readOverview } from '../../session/documents/overview.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { WaitingStatus } from '../../session/events/state.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { readOwnOverview } from '../documents/own-documents.ts';

/**
 * A `Phase:` line that differs while no child runs was written by a person: a child's is put back at its
 * end. It is obeyed and recorded, but never jumps a closed gate. @returns true when something was recorded
 */
export async function applyPhaseEdit(worker: Worker): Promise<boolean> {
  // What could not be put back may still be a child's, and so may all that is written while its iteration is open.
  if (worker.projector.problem !== undefined || stateOf(worker).openIteration !== undefined) return false;
  const phase = await writtenPhase(worker);
  if (phase === undefined) return false;
  await setPhase(worker, phase);
  return true;
}

/**
 * The phase that a person wrote into the overview while no worker lived, to be read before anything is
 * written there: only where the worker before had put back what its last child wrote.
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

/** Goes to a phase as a person wrote it, or says why not; either way the overview then says where it stands. */
export async function setPhase(worker: Worker, phase: Phase): Promise<void> {
  const from = stateOf(worker).progress.phase;
  const closed = closedGateBefore(worker, phase);
  if (closed === undefined) {
    const flow = `Phase set from ${from} to ${phase} by hand`;
    await record(worker, { type: 'phase_set', phase, from, flow });
  } else {
    const reason = `The Phase line names ${phase}, but ${closed}. It was set back to ${from}.`;
    await record(worker, { type: 'notice', code: 'gate_closed', text: reason });
  }
}

export async function writtenPhase(worker: Worker): Promise<Phase | undefined> {
  // The line of a folder that was taken over still says where that stood.
  if (!stateOf(worker).prepared) return undefined;
  // A rewind that failed halfway may have put an older overview back.
  if (stateOf(worker).rewind !== undefined) return undefined;
  const text = await readOwnOverview(worker.paths);
  const written = text === undefined ? undefined : readOverview(text).phase;
  const phase = written === undefined ? undefined : phaseNamed(written);
  return phase === stateOf(worker).progress.phase ? undefined : phase;
}

function closedGateBefore(worker: Worker, target: Phase): string | undefined {
  const { answers, approvedPlan } = stateOf(worker);
  const { gates } = worker.file.settings;
  const wait = waitOf(worker)?.for;
  const order = PHASE_NAMES.indexOf(target);
  const behind = (gate: Phase) => order > PHASE_NAMES.indexOf(gate);
  if (behind('requirements') && gates.includes('qa')) {
    // A plan is approved behind the answers; a folder that was taken over may have had no question.
    if (answers.length === 0 && approvedPlan === undefined) return 'no question was answered yet';
    if (wait === 'qa_answers') return 'questions are still open';
  }
  if (behind('planning') && gates.includes('plan')) {
    if (approvedPlan === undefined) return 'no plan is approved yet';
    if (wait === 'plan_approval') return 'the plan waits for approval';
  }
  return undefined;
}

/** The wait that the session is in, or in which it was stopped or blocked. */
function waitOf(worker: Worker): WaitingStatus | undefined {
  const { status } = stateOf(worker);
  if (status.kind === 'waiting') return status;
  return 'parked' in status ? status.parked : undefined;
}
