import * as z from 'zod';
import type { Decision, JudgedSignal, RetryKind } from './decision.ts';
import { COUNTED_ENDINGS, type EndingKind } from './ending.ts';
import { followsPlan, PHASE_NAMES, type Phase, WAYS, type Way } from './table.ts';

/** A session's progress: everything the phase rules need, folded from its events. */
export const Progress = z.object({
  phase: z.enum(PHASE_NAMES),
  way: z.enum(WAYS).default('full'),
  /** Agents that count against each phase's limit since the last reset. */
  counted: z.record(z.enum(PHASE_NAMES), z.int().nonnegative()),
  /** Number of agents in the current phase: the overview's `Iteration:`. */
  phaseIteration: z.int().nonnegative(),
  totalIterations: z.int().nonnegative(),
  /** Quality agents that signalled to stay. */
  qualityRounds: z.int().nonnegative(),
  /** The number of times that failed tests or checks sent the work back. */
  testReturns: z.int().nonnegative(),
  /** A quality agent has moved on since the last implementation agent. */
  qualitySinceImplementation: z.boolean(),
  /** Quality has changed the tree since it was last entered. */
  qualityChangedTree: z.boolean(),
  /** Since an agent's signal was last accepted. */
  failureCounts: z.object({
    /** The only corrective retry is used up. */
    corrected: z.boolean(),
    /** Agents that crashed, ran out of time or left no signal. */
    failures: z.int().nonnegative(),
  }),
});
export type Progress = z.infer<typeof Progress>;

const NO_FAILURES: Progress['failureCounts'] = { corrected: false, failures: 0 };

export function initialProgress(phase: Phase = 'init', way: Way = 'full'): Progress {
  return {
    phase,
    way,
    counted: noCounts(),
    phaseIteration: 0,
    totalIterations: 0,
    qualityRounds: 0,
    testReturns: 0,
    qualitySinceImplementation: false,
    qualityChangedTree: false,
    failureCounts: NO_FAILURES,
  };
}

export function withChildStarted(progress: Progress, iteration: number): Progress {
  return { ...progress, phaseIteration: progress.phaseIteration + 1, totalIterations: iteration };
}

/** The progress after entering `phase`; unchanged if the session is already in it. */
export function inPhase(progress: Progress, phase: Phase): Progress {
  if (phase === progress.phase) return progress;
  const qualityChangedTree = phase === 'quality' ? false : progress.qualityChangedTree;
  return { ...progress, phase, phaseIteration: 0, qualityChangedTree };
}

/** A person set the phase: work that goes back to what comes before it is not quick. */
export function withPhaseSet(progress: Progress, phase: Phase): Progress {
  const way = progress.way === 'quick' && !followsPlan(phase) ? 'full' : progress.way;
  return inPhase({ ...progress, way }, phase);
}

/** A person resumed the session: limits and failure counts restart. */
export function withCountsReset(progress: Progress): Progress {
  return { ...progress, counted: noCounts(), qualityRounds: 0, testReturns: 0, failureCounts: NO_FAILURES };
}

/** New work for a done session: everything restarts except the iteration number. */
export function withNewGoal(progress: Progress, way: Way = 'full'): Progress {
  return { ...initialProgress(firstPhase(way), way), totalIterations: progress.totalIterations };
}

/** Where the first agent of a goal works. */
export function firstPhase(way: Way): Phase {
  return way === 'full' ? 'investigation' : 'implementation';
}

/** Like a new goal, but a round of the pull request begins with work, or with testing if only others committed. */
export function withRound({ totalIterations, way }: Progress, phase: Phase): Progress {
  return { ...initialProgress(phase, way), totalIterations, qualitySinceImplementation: phase === 'testing' };
}

export interface ChildEnd {
  phase: Phase;
  ending: EndingKind;
  signal?: JudgedSignal;
  decision: Decision;
  treeChanged: boolean;
}

/** Whether the agent's signal was accepted: if so, the contents of its prompt count as delivered. */
export function isAccepted({ signal, decision }: Pick<ChildEnd, 'decision' | 'signal'>): boolean {
  const retry = 'retry' in decision ? decision.retry : undefined;
  return signal !== undefined && retry === undefined && decision.kind !== 'block';
}

/** Whether the worker sent the work back, which counts like failed tests or a round of quality. */
export function isSentBack(decision: Decision): boolean {
  return 'sentBack' in decision && decision.sentBack === true;
}

/** The target of the agent's signal, even if a person must act first. */
function targetOf(decision: Decision): Phase {
  return decision.kind === 'park' ? decision.resumePhase : decision.phase;
}

/** Whether quick work turns out to need questions and a plan. From there on the session is a full one. */
export function widens(
  { way }: Pick<Progress, 'way'>,
  { phase, decision }: Pick<ChildEnd, 'phase' | 'decision'>,
): boolean {
  return way === 'quick' && phase === 'implementation' && targetOf(decision) === 'requirements';
}

/** Whether a quality agent reads the work, or has since the last implementation. */
export function isReviewed({
  phase,
  qualitySinceImplementation,
}: Pick<Progress, 'phase' | 'qualitySinceImplementation'>): boolean {
  return phase === 'quality' || (phase !== 'implementation' && qualitySinceImplementation);
}

export function withChildEnded(progress: Progress, end: ChildEnd): Progress {
  const { phase, decision, signal } = end;
  const counts = signal !== undefined || COUNTED_ENDINGS.includes(end.ending);
  const target = targetOf(decision);
  const retry = 'retry' in decision ? decision.retry : undefined;
  const stays = signal?.status === 'continue' || isSentBack(decision);
  const isRound = phase === 'quality' && isAccepted(end) && stays && target === 'quality';
  const returned =
    target === 'implementation' && (phase === 'testing' || phase === 'done' || isSentBack(decision));
  const leftQuality = phase === 'quality' && (target === 'testing' || target === 'done');
  const ended: Progress = {
    ...progress,
    way: widens(progress, end) ? 'full' : progress.way,
    counted: counts ? { ...progress.counted, [phase]: progress.counted[phase] + 1 } : progress.counted,
    qualityRounds: progress.qualityRounds + (isRound ? 1 : 0),
    testReturns: progress.testReturns + (returned ? 1 : 0),
    qualitySinceImplementation:
      leftQuality || (phase !== 'implementation' && progress.qualitySinceImplementation),
    qualityChangedTree: progress.qualityChangedTree || (phase === 'quality' && end.treeChanged),
    failureCounts: counted(progress.failureCounts, retry),
  };
  return inPhase(ended, decision.phase);
}

/** The progress after the worker decided without an agent. */
export function withDecision(progress: Progress, decision: Decision): Progress {
  const counts = isSentBack(decision) && (decision.phase === 'quality' ? 'qualityRounds' : 'testReturns');
  return inPhase({ ...progress, ...(counts && { [counts]: progress[counts] + 1 }) }, decision.phase);
}

function counted(before: Progress['failureCounts'], retry?: RetryKind): Progress['failureCounts'] {
  switch (retry) {
    case undefined:
      return NO_FAILURES;
    case 'excused':
      return before;
    case 'corrective':
      return { ...before, corrected: true };
    case 'no_signal':
    case 'timeout':
    case 'failure':
      return { ...before, failures: before.failures + 1 };
    default:
      return retry satisfies never;
  }
}

function noCounts(): Progress['counted'] {
  // Has every phase as a key, which the type of fromEntries does not express.
  return Object.fromEntries(PHASE_NAMES.map((name) => [name, 0])) as Progress['counted'];
}
