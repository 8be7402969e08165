import type { BlockDecision, Decision, ParkDecision, RunDecision } from './decision.ts';
import type { Phase } from './table.ts';

export type Verdict = { kind: 'legal'; decision: Decision } | Fault;

/** `rule` names the violated rule; `problem` is shown to the agent and to people. */
export interface Fault {
  kind: 'refused';
  rule: BlockRuleName;
  problem: string;
}

export function legal(decision: Decision): Verdict {
  return { kind: 'legal', decision };
}

export function faultOf(rule: BlockRuleName, problem: string): Fault {
  return { kind: 'refused', rule, problem };
}

/** A note for the next agent that quotes others below a heading, so that the quotation is recognizable. */
export function noteWith(heading: string, quoted: string): string {
  return `${heading}:\n${quoted}`;
}

export function run(phase: Phase, notes: string[] = []): RunDecision {
  return { kind: 'run', phase, notes, delay: 'none' };
}

export function park(phase: Phase, waitsFor: ParkDecision['for'], resumePhase: Phase = phase): ParkDecision {
  return { kind: 'park', phase, for: waitsFor, resumePhase };
}

export function block(phase: Phase, rule: BlockRuleName, reason: string): BlockDecision {
  return { kind: 'block', phase, reason, needs: BLOCK_RULES[rule], rule };
}

/** The rules by which the phase machine blocks a session, and what it then needs. */
export const BLOCK_RULES = {
  child_blocked: 'human_decision',
  phase_limit: 'human_decision',
  test_returns: 'human_decision',
  quality_rounds: 'human_decision',
  timeouts: 'human_decision',
  auth: 'human_decision',
  budget: 'human_decision',
  no_progress: 'human_decision',
  refused: 'human_decision',
  overloaded: 'human_decision',
  network: 'human_decision',
  config: 'error_resolution',
  retries: 'error_resolution',
  checks: 'error_resolution',
  base_checks: 'error_resolution',
  uncommitted: 'error_resolution',
  false_done: 'error_resolution',
  run_folder_changed: 'error_resolution',
  git_programs_changed: 'error_resolution',
  signal_json: 'human_decision',
  signal_not_allowed: 'human_decision',
  signal_phase: 'human_decision',
  edge_condition: 'human_decision',
  wait_not_allowed: 'human_decision',
  nothing_asked: 'human_decision',
  nothing_to_approve: 'human_decision',
  no_plan: 'human_decision',
  no_file: 'human_decision',
  messages: 'human_decision',
  ledger: 'human_decision',
  plan_servers: 'human_decision',
  plan_old_tests: 'human_decision',
  no_signal: 'human_decision',
  log_ceiling: 'human_decision',
} as const satisfies Record<string, 'human_decision' | 'error_resolution'>;
export type BlockRuleName = keyof typeof BLOCK_RULES;
