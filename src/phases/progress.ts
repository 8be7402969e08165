import * as z from 'zod';
import type { Decision, JudgedSignal, Strike } from './decision.ts';
import { COUNTED_ENDINGS, type EndingKind } from './ending.ts';
import { PHASE_NAMES, type Phase } from './table.ts';

/** How far a session has come: all that the phase rules need, folded from its events. */
export const Progress = z.object({
  phase: z.enum(PHASE_NAMES),
  /** Children that count against each phase's limit since the counts began. */
  counted: z.record(z.enum(PHASE_NAMES), z.int().nonnegative()),
  /** Running number of children in the current phase: the overview's `Iteration:`. */
  phaseIteration: z.int().nonnegative(),
  totalIterations: z.int().nonnegative(),
  /** Quality children that signalled to stay. */
  qualityRounds: z.int().nonnegative(),
  /** Times that failed tests sent the work back. */
  testReturns: z.int().nonnegative(),
  /** A quality child has moved on since the last implementation child. */
  qualitySinceImplementation: z.boolean(),
  /** Quality has changed the tree since it was entered. */
  qualityChangedTree: z.boolean(),
  /** What went wrong since a child's signal was last accepted. */
  strikes: z.object({
    /** The one corrective retry is used up. */
    corrected: z.boolean(),
    noSignal: z.int().nonnegative(),
    timeouts: z.int().nonnegative(),
    failures: z.int().nonnegative(),
  }),
});
export type Progress = z.infer<typeof Progress>;

const NO_STRIKES: Progress['strikes'] = { corrected: false, noSignal: 0, timeouts: 0, failures: 0 };

export function initialProgress(phase: Phase = 'init'): Progress {
  return {
    phase,
    counted: noCounts(),
    phaseIteration: 0,
    totalIterations: 0,
    qualityRounds: 0,
    testReturns: 0,
    qualitySinceImplementation: false,
    qualityChangedTree: false,
    strikes: NO_STRIKES,
  };
}

export function withChildStarted(progress: Progress, iteration: number): Progress {
  return { ...progress, phaseIteration: progress.phaseIteration + 1, totalIterations: iteration };
}

/** The progress with `phase` entered; staying changes nothing. */
export function inPhase(progress: Progress, phase: Phase): Progress {
  if (phase === progress.phase) return progress;
  const qualityChangedTree = phase === 'quality' ? false : progress.qualityChangedTree;
  return { ...progress, phase, phaseIteration: 0, qualityChangedTree };
}

/** A human looked and lets it go on: limits and strikes begin anew. */
export function withCountsReset(progress: Progress): Progress {
  return { ...progress, counted: noCounts(), qualityRounds: 0, testReturns: 0, strikes: NO_STRIKES };
}

/** New work for a done session: everything but the running number begins anew. */
export function withNewGoal(progress: Progress): Progress {
  return { ...initialProgress('investigation'), totalIterations: progress.totalIterations };
}

export interface ChildEnd {
  phase: Phase;
  ending: EndingKind;
  signal?: JudgedSignal;
  decision: Decision;
  treeChanged: boolean;
}

/** Whether the child's own word was taken: what it was told may then count as told. */
export function isAccepted({ signal, decision }: Pick<ChildEnd, 'decision' | 'signal'>): boolean {
  const strike = 'strike' in decision ? decision.strike : undefined;
  return signal !== undefined && strike === undefined && decision.kind !== 'block';
}

/** The progress after a child ended and its outcome was decided. */
export function withChildEnded(progress: Progress, end: ChildEnd): Progress {
  const { phase, decision, signal } = end;
  const counts = signal !== undefined || COUNTED_ENDINGS.includes(end.ending);
  // Where the child's word leads, also when a human must act before anything goes there.
  const target = decision.kind === 'park' ? decision.resumePhase : decision.phase;
  const strike = 'strike' in decision ? decision.strike : undefined;
  const isRound =
    phase === 'quality' && isAccepted(end) && signal?.status === 'continue' && target === 'quality';
  const returned = (phase === 'testing' || phase === 'done') && target === 'implementation';
  const leftQuality = phase === 'quality' && (target === 'testing' || target === 'done');
  const ended: Progress = {
    ...progress,
    counted: counts ? { ...progress.counted, [phase]: progress.counted[phase] + 1 } : progress.counted,
    qualityRounds: progress.qualityRounds + (isRound ? 1 : 0),
    testReturns: progress.testReturns + (returned ? 1 : 0),
    qualitySinceImplementation:
      leftQuality || (phase !== 'implementation' && progress.qualitySinceImplementation),
    qualityChangedTree: progress.qualityChangedTree || (phase === 'quality' && end.treeChanged),
    strikes: struck(progress.strikes, strike),
  };
  return inPhase(ended, decision.phase);
}

function struck(strikes: Progress['strikes'], strike: Strike | undefined): Progress['strikes'] {
  switch (strike) {
    case undefined:
      return NO_STRIKES;
    case 'excused':
      return strikes;
    case 'corrective':
      return { ...strikes, corrected: true };
    case 'no_signal':
      // It counts as a `continue`, so what went wrong before it is over.
      return { ...NO_STRIKES, noSignal: strikes.noSignal + 1 };
    case 'timeout':
      return { ...strikes, timeouts: strikes.timeouts + 1 };
    case 'failure':
      return { ...strikes, failures: strikes.failures + 1 };
    default:
      return strike satisfies never;
  }
}

function noCounts(): Progress['counted'] {
  // Every phase is a key, which fromEntries' own type does not say.
  return Object.fromEntries(PHASE_NAMES.map((name) => [name, 0])) as Progress['counted'];
}
