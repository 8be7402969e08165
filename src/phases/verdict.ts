import { BLOCK_RULES, type BlockRuleName } from './block-rules.ts';
import type { BlockDecision, Decision, ParkDecision, RunDecision } from './decision.ts';
import type { Phase } from './table.ts';

/** What the phase rules say about a well-formed signal. */
export type Verdict = { kind: 'legal'; decision: Decision } | Fault;

/** `rule` names what was broken; `problem` is told to the child and to people. */
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

/** A note for the next agent that quotes others: below a line of ours, so that all of it is shown as theirs. */
export function noteWith(own: string, said: string): string {
  return `${own}:\n${said}`;
}

export function run(phase: Phase, notes: string[] = []): RunDecision {
  return { kind: 'run', phase, notes, delay: 'none' };
}

export function park(phase: Phase, waitsFor: ParkDecision['for'], resumePhase: Phase = phase): ParkDecision {
  return { kind: 'park', phase, for: waitsFor, resumePhase };
}

export function block(phase: Phase, rule: BlockRuleName, reason: string): BlockDecision {
  return { kind: 'block', phase, reason, needs: BLOCK_RULES[rule].needs, rule };
}
