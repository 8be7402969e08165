import type { Phase } from '../../phases/table.ts';
import type { PlanPhase } from '../../session/documents/plan.ts';
import type { MessageToRead } from '../recording/messages.ts';

/** All that a prompt is made from. The same state gives the same bytes. */
export interface PromptState {
  sessionDir: string;
  workingDir: string;
  phase: Phase;
  iteration: number;
  /** Running number of this child in its phase, from 1. */
  phaseIteration: number;
  provider: string;
  permissions: 'skip' | 'allow';
  isGuarded: boolean;
  timeLimitMs: number;
  now: number;
  worktree: { branch: string; base: string; baseCommit: string } | undefined;
  /** Word for word as the person gave them. */
  task: string | undefined;
  dive: string | undefined;
  goal: string | undefined;
  feedback: string | undefined;
  /** Corrections, failing checks, hand-offs and notes of the human, oldest first. */
  notes: readonly string[];
  messages: readonly MessageToRead[];
  constraints: { path: string; text: string } | undefined;
  /** Shell commands that the worker runs before it accepts done. */
  checks: readonly string[];
  checksIn: 'clone' | 'worktree';
  documents: readonly string[];
  questions: { asked: number; open: readonly string[] };
  plan: PromptPlan | undefined;
  requirements: readonly PromptRequirement[];
  /** Rounds of questions and plans that belong to goals before this one. */
  earlier: { rounds: number; plans: readonly string[] };
  testReturns: number;
  qualityRounds: number;
  qualitySinceImplementation: boolean;
  qualityChangedTree: boolean;
}

export interface PromptRequirement {
  id: string;
  check: string;
  isMet: boolean;
}

export interface PromptPlan {
  name: string;
  isApproved: boolean;
  phases: readonly Pick<PlanPhase, 'number' | 'name' | 'steps' | 'completed' | 'check' | 'wantsComparison'>[];
  testable: boolean;
}
