import assert from 'node:assert/strict';
import type { CompleteSignal, JudgedSignal } from '../../src/core/kernel/phases/decision.ts';
import { NO_PLAN, type Outcome, type Rules } from '../../src/core/kernel/phases/outcome.ts';
import { initialProgress, type Progress } from '../../src/core/kernel/phases/progress.ts';
import type { Phase } from '../../src/core/kernel/phases/table.ts';
import { parseSignal } from '../../src/core/session/documents/signal.ts';

/** As the settings have it that nobody changed. */
export const PATIENCE = { quickMs: 5000, firstMs: 60_000, maxMs: 12 * 3_600_000 };

export const RULES: Rules = {
  gates: { qa: true, plan: true },
  review: false,
  plansApart: false,
  maxRetries: 3,
  patience: PATIENCE,
};

/** An agent that exited by itself, changed something besides the code and wrote no signal. */
export function outcomeOf(given: Partial<Outcome> = {}): Outcome {
  return {
    end: 'signalled',
    signal: { kind: 'none' },
    changed: true,
    treeChanged: false,
    questions: { asked: 0, open: [] },
    plan: NO_PLAN,
    hasChecks: true,
    unacknowledged: [],
    ...given,
  };
}

/** As an agent of the phase wrote it, and the worker reads it. */
export function read({ unknownPhase, ...signal }: JudgedSignal, phase: Phase = 'planning'): CompleteSignal {
  const reading = parseSignal(JSON.stringify({ ...signal, phase: signal.phase ?? unknownPhase }), phase);
  assert(reading.kind === 'signal');
  return reading.signal;
}

export function signalled(signal: JudgedSignal, given: Partial<Outcome> = {}, phase?: Phase): Outcome {
  return outcomeOf({ signal: { kind: 'signal', signal: read(signal, phase) }, ...given });
}

export function progressIn(phase: Phase, given: Partial<Progress> = {}): Progress {
  return { ...initialProgress(phase), ...given };
}

export function failureCounts(given: Partial<Progress['failureCounts']>): Pick<Progress, 'failureCounts'> {
  return { failureCounts: { ...initialProgress().failureCounts, ...given } };
}
