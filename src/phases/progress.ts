import * as z from 'zod';
import type { Decision, JudgedSignal } from './decision.ts';
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
  strikes: z.object({
    /** The last child was already the one corrective retry. */
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

/** The progress with a child of `phase` begun. */
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
  signal: JudgedSignal | undefined;
  decision: Decision;
  treeChanged: boolean;
}

/** The progress after a child ended and its outcome was decided. */
export function withChildEnded(progress: Progress, end: ChildEnd): Progress {
  const { phase, decision } = end;
  const counts = COUNTED_ENDINGS.includes(end.ending);
  const counted = counts ? { ...progress.counted, [phase]: progress.counted[phase] + 1 } : progress.counted;
  const wentOn = decision.kind !== 'run' || decision.strike === undefined;
  const stayed = decision.kind === 'run' && decision.phase === phase && wentOn;
  const isRound = phase === 'quality' && stayed && end.signal?.status === 'continue';
  const returned = (phase === 'testing' || phase === 'done') && decision.phase === 'implementation';
  const leftQuality = phase === 'quality' && (decision.phase === 'testing' || decision.phase === 'done');
  const ended: Progress = {
    ...progress,
    counted,
    qualityRounds: progress.qualityRounds + (isRound ? 1 : 0),
    testReturns: progress.testReturns + (returned ? 1 : 0),
    qualitySinceImplementation:
      leftQuality || (phase !== 'implementation' && progress.qualitySinceImplementation),
    qualityChangedTree: progress.qualityChangedTree || (phase === 'quality' && end.treeChanged),
    strikes: wentOn ? NO_STRIKES : struck(progress.strikes, decision),
  };
  return inPhase(ended, decision.phase);
}

function struck(strikes: Progress['strikes'], decision: Decision): Progress['strikes'] {
  const strike = decision.kind === 'run' ? decision.strike : undefined;
  switch (strike) {
    case 'corrective':
      return { ...strikes, corrected: true };
    case 'no_signal':
      return { ...strikes, noSignal: strikes.noSignal + 1 };
    case 'timeout':
      return { ...strikes, timeouts: strikes.timeouts + 1 };
    case 'failure':
      return { ...strikes, failures: strikes.failures + 1 };
    case undefined:
      return strikes;
    default:
      return strike satisfies never;
  }
}

function noCounts(): Progress['counted'] {
  // Every phase is a key, which fromEntries' own type does not say.
  return Object.fromEntries(PHASE_NAMES.map((name) => [name, 0])) as Progress['counted'];
}
