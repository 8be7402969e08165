import type { CompleteSignal } from './decision.ts';
import type { EndingKind } from './ending.ts';
import type { Outage, Patience } from './outage.ts';
import type { Phase } from './table.ts';

export type SignalOutcome =
  | { kind: 'signal'; signal: CompleteSignal }
  | { kind: 'none' }
  | { kind: 'malformed'; problem: string };

/** The facts that the worker found once the agent's process tree was gone: the basis of every decision. */
export interface Outcome {
  /** `signalled` and `no_signal` both mean: on its own, without a problem. */
  end: EndingKind;
  signal: SignalOutcome;
  /** Forbidden changes were made: nothing in the agent's signal is trusted. */
  breach?: { phase: Phase; rule: 'run_folder_changed' | 'git_programs_changed'; reason: string };
  /** A user's `stop` ended the agent, which is not a failure. */
  stopAsked?: boolean;
  /** A spending limit ended the agent, which is not a failure. */
  cutByLimit?: boolean;
  /** The CLI's login was refused, and has been renewed since. */
  loginRenewed?: boolean;
  /** One line from the CLI's structured output. */
  problem?: string;
  /** The end of a usage limit, in milliseconds since the epoch, if known. */
  limitedUntil?: number;
  /** The outage so far, for an overload or a lost network; absent: this is the first try. */
  outage?: Outage;
  /** Worktree, documents or overview changed. */
  changed: boolean;
  treeChanged: boolean;
  questions: {
    /** Questions of the current goal in `_qa.md`. */
    asked: number;
    /** The questions without a recorded human answer. */
    open: readonly string[];
  };
  plan: {
    exists: boolean;
    approved: boolean;
    /** The plan differs from its approved text. */
    changedSinceApproval: boolean;
    /** The approved plan says that nothing can be tested. */
    untestable: boolean;
    /** The approved plan says that the reviewer tries the work. */
    triedInReview: boolean;
  };
  /** A command can show the work: one of the project, or of a requirement. */
  hasChecks: boolean;
  /** Messages from the human that were delivered but not acknowledged. */
  unacknowledged: readonly string[];
}

/** The user's settings and the machine's limits, frozen with the session. */
export interface Rules {
  /** Gates that wait for a human act; others open automatically. */
  gates: { qa: boolean; plan: boolean };
  /** Quick work is reviewed whatever its size. */
  review: boolean;
  /** A provider or model is set for planning alone: no other phase writes the plan. */
  plansApart: boolean;
  /** Restarts after failures in a row before a person is asked. */
  maxRetries: number;
  /** Limits the wait for an overloaded provider or a lost network. */
  patience: Patience;
}

export const NO_PLAN: Outcome['plan'] = {
  exists: false,
  approved: false,
  changedSinceApproval: false,
  untestable: false,
  triedInReview: false,
};
