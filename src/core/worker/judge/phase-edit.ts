import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import type { WaitingStatus } from '../../session/events/state.ts';
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
  const closed = await closedGateBefore(worker, phase);
  if (closed === undefined) {
    const flow = `Phase set from ${from} to ${phase} by hand`;
    await record(worker, { type: 'phase_set', phase, from, flow });
  } else {
    const reason = `The Phase line names ${phase}, but ${closed}. It was set back to ${from}.`;
    await record(worker, { type: 'notice', code: 'gate_closed', text: reason });
  }
}

export async function writtenPhase(worker: Worker): Promise<Phase | undefined> {
  return phaseWritten(stateOf(worker), await readOwnOverview(worker.paths));
}

async function closedGateBefore(worker: Worker, target: Phase): Promise<string | undefined> {
  const { answers, approvedPlan, progress } = stateOf(worker);
  const { gates } = worker.file.settings;
  const wait = waitOf(worker)?.for;
  const order = PHASE_NAMES.indexOf(target);
  const isAfter = (gate: Phase) => order > PHASE_NAMES.indexOf(gate);
  if (isAfter('requirements') && gates.includes('qa')) {
    const { open } = await readQuestions(worker);
    if (wait === 'qa_answers' || open.length > 0) return 'questions are still open';
  }
  // A plan comes before the work of every other session, and is shown even if no agent had a question.
  if (!isAfter('planning') || progress.way === 'quick') return undefined;
  if (gates.includes('plan')) {
    if (approvedPlan === undefined) return 'no plan has been approved yet';
    if (wait === 'plan_approval') return 'the plan waits for approval';
  }
  // An approved plan implies answers; a session that was taken over may have had no questions.
  const wasAsked = answers.length > 0 || approvedPlan !== undefined;
  return gates.includes('qa') && !wasAsked ? 'no question has been answered yet' : undefined;
}

/** The session's wait, including one that a stop or block interrupted. */
function waitOf(worker: Worker): WaitingStatus | undefined {
  const { status } = stateOf(worker);
  if (status.kind === 'waiting') return status;
  return 'parked' in status ? status.parked : undefined;
}
