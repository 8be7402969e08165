import { followsPlan, type Phase } from '../../phases/table.ts';
import { park } from '../../phases/verdict.ts';
import { handedOverBy, openedAtStart } from '../../session/commands/judge-start.ts';
import { readOverview } from '../../session/documents/overview.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readLegacyFolder } from '../../session/legacy/legacy-folder.ts';
import { type LegacyGate, placeOf } from '../../session/legacy/legacy-gate.ts';
import { readPlanEvidence, readQuestions } from '../core/evidence.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { recordParked } from './park.ts';

/** Where a session begins, and the gate that an adopted one stands behind without a decision on record. */
export interface Standing {
  phase: Phase;
  /** Iterations that an adopted folder has behind it; absent for a new session. */
  totalIterations?: number;
  gate?: LegacyGate;
}

/** A new session begins with the investigation; an adopted one goes on where its overview says. */
export async function standing(worker: Worker): Promise<Standing | { question: string }> {
  const { file, paths } = worker;
  if (!file.adopted) return { phase: 'investigation' };
  const { prepared, progress, approvedPlan, answers, feedback } = stateOf(worker);
  if (prepared) {
    const { phase, totalIterations } = progress;
    const isBehind = followsPlan(phase) && approvedPlan === undefined;
    // A fault that blocks it at its gate takes the wait from the state, and must not take the gate.
    const isUndecided = phase === 'planning' && answers.length === 0 && feedback === undefined;
    const gate = { resumePhase: phase, wasAsked: false };
    if (isBehind) return { phase, totalIterations, gate: { ...gate, for: 'plan_approval' } };
    return { phase, totalIterations, ...(isUndecided && { gate: { ...gate, for: 'qa_answers' } }) };
  }
  const folder = await readLegacyFolder(paths);
  if (folder === undefined) return { phase: 'investigation', totalIterations: 0 };
  const place = placeOf(folder, paths.folder, file.handedOver?.phase);
  if ('question' in place) return place;
  const { totalIterations, iteration } = readOverview(folder.overview ?? '');
  return {
    phase: place.phase,
    totalIterations: totalIterations ?? iteration ?? 0,
    ...(file.goal === undefined && place.gate && { gate: place.gate }),
  };
}

/**
 * What happens at the gate before anything is prepared: the session waits for a person, once, or the gate opens
 * because the settings leave it out. Empty when it may go on.
 */
export async function gateEvents(worker: Worker, { phase, gate }: Standing): Promise<NewEvent[]> {
  if (gate === undefined) return [];
  const { settings, handedOver } = worker.file;
  const { prepared, startedBy } = stateOf(worker);
  const isFirst = !prepared || gate.for === 'qa_answers';
  const { questions, open, unconfirmed } = await readQuestions(worker);
  const decider = handedOverBy(settings, handedOver, startedBy);
  // Where the settings leave the answers out, the gate behind them is still there.
  const asksFirst = isFirst && settings.gates.includes('qa');
  const needsPlan = gate.for === 'plan_approval' || (followsPlan(phase) && !asksFirst);
  if (needsPlan && settings.gates.includes('plan')) {
    const decision = park(phase, 'plan_approval', gate.resumePhase);
    const { version } = await readPlanEvidence(worker);
    if (decider && version && version.hash === handedOver?.plan?.hash)
      return [
        ...(await answersAsTheyAre(worker, decider)),
        ...(await recordParked(worker, decision, decider)),
      ];
    const reason = NOT_APPROVED[version ? 'plan' : 'none'];
    return await recordParked(worker, { ...decision, reason });
  }
  if (asksFirst) {
    // Whoever hands it over behind the answers has confirmed them; what is open still waits.
    if (decider && open.length === unconfirmed.length) return await answersAsTheyAre(worker, decider);
    const asked = park(phase, 'qa_answers', phase);
    if (gate.wasAsked && gate.for === 'qa_answers') return await recordParked(worker, asked);
    return await recordParked(worker, {
      ...asked,
      reason: NOT_ANSWERED,
      askNothingToClarify: questions.length === 0,
    });
  }
  const by = openedAtStart('qa', settings, startedBy);
  const answers = isFirst && by !== undefined ? await answersAsTheyAre(worker, by) : [];
  if (!needsPlan || (await readPlanEvidence(worker)).version === undefined) return answers;
  return [...answers, ...(await recordParked(worker, park(phase, 'plan_approval', gate.resumePhase)))];
}

const NOT_ANSWERED =
  'Nothing on record says that a person gave these answers: confirm them as they are, or change them.';

const NOT_APPROVED = {
  plan: 'Nothing on record says that a person approved this plan: approve it as it is, or request changes.',
  none: 'The work has begun, and the folder holds no plan: request changes to have one written, or add a plan document to the folder and approve that.',
} as const;

/**
 * Whether a session still waits at the gate where it was taken over: none of our agents has run in it, so what
 * its files say is what the person sees.
 */
export function isJustAdopted(worker: Worker): boolean {
  return worker.file.adopted && stateOf(worker).worktree === undefined;
}

/** The answers in `_qa.md` as a decision that `by` makes together with one about the plan behind them. */
export async function answersAsTheyAre(worker: Worker, by: By): Promise<NewEvent[]> {
  if (!isJustAdopted(worker)) return [];
  const { unconfirmed: answers, open } = await readQuestions(worker);
  if (answers.length === 0) return [];
  const ids = answers.map(({ id }) => id);
  const left = open.filter((id) => !ids.includes(id));
  const flow = `Answers confirmed as they were: ${ids.join(', ')}`;
  return [{ type: 'answers_recorded', by, answers, open: left, flow }];
}
