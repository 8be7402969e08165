import type { JudgedSignal } from './decision.ts';
import type { EndingKind } from './ending.ts';
import type { Outage, Patience } from './outage.ts';
import type { Phase } from './table.ts';

export type SignalOutcome =
  | { kind: 'signal'; signal: JudgedSignal }
  | { kind: 'none' }
  | { kind: 'malformed'; problem: string };

/** What the worker found after a child's whole tree was gone: everything that a decision rests on. */
export interface Outcome {
  /** How the process ended, whatever it signalled; `signalled` and `no_signal` both mean: by itself, without a problem. */
  end: EndingKind;
  signal: SignalOutcome;
  /** Something was done that no child may do: nothing of what it signalled is believed. */
  breach?: { phase: Phase; rule: 'run_folder_changed' | 'git_programs_changed'; reason: string };
  /** A person's `stop` cut the child short: nobody's failure. */
  stopAsked?: boolean;
  /** A limit on what the session may spend cut the child short: nobody's failure. */
  capCut?: boolean;
  /** In one line, from the CLI's structured output. */
  problem?: string;
  /** When a usage limit ends, in milliseconds since the epoch, where the provider said so. */
  limitedUntil?: number;
  /** The row that it ends, where an overload or a lost network ended it; absent: it is the first. */
  outage?: Outage;
  /** Worktree, documents or overview differ from before. */
  changed: boolean;
  treeChanged: boolean;
  questions: {
    /** Questions of the current goal that stand in `_qa.md`. */
    asked: number;
    /** Those that no recorded human act has answered. */
    open: readonly string[];
  };
  plan: {
    /** A plan document of the current goal exists. */
    exists: boolean;
    approved: boolean;
    /** A plan was approved, and it now differs from the approved text. */
    changedSinceApproval: boolean;
    /** The approved plan says that nothing can be tested. */
    untestable: boolean;
  };
  /** Messages from the human that were delivered and not acknowledged. */
  unacknowledged: readonly string[];
}

/** The person's standing choices and the machine's limits, frozen with the session. */
export interface Rules {
  /** Gates that wait for a human act; one left out opens by itself. */
  gates: { qa: boolean; plan: boolean };
  /** Spawns after a crash before a human must look. */
  maxRetries: number;
  /** How an overloaded provider or a lost network is waited out. */
  patience: Patience;
}
