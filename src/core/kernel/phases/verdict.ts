import type { BlockDecision, Decision, ParkDecision, RunDecision } from './decision.ts';
import { BLOCK_AFTER, type Phase } from './table.ts';

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
  return { kind: 'block', phase, reason, needs: BLOCK_RULES[rule].needs, rule };
}

interface BlockRule {
  /** Completes "The session blocks when …". */
  when: string;
  needs: 'human_decision' | 'error_resolution';
  /** The first violation runs another agent, with the problem in its prompt. */
  corrective: boolean;
}

const limit = (when: string): BlockRule => ({ when, needs: 'human_decision', corrective: false });
const fault = (when: string): BlockRule => ({ when, needs: 'human_decision', corrective: true });
const failure = (when: string): BlockRule => ({ when, needs: 'error_resolution', corrective: false });

/** The rules by which the phase machine blocks a session. */
export const BLOCK_RULES = {
  child_blocked: limit('the agent signals `blocked`; its `reason` and `needs` are shown'),
  phase_limit: limit('another iteration would exceed the limit of its phase'),
  test_returns: limit('tests fail again after the last allowed return to implementation'),
  quality_rounds: limit('quality still requests changes after its last allowed round'),
  timeouts: limit('an agent runs out of time after the last of `SAMOCODE_MAX_RETRIES`'),
  auth: limit('the agent CLI is not logged in or was refused'),
  budget: limit('a spending limit is reached'),
  no_progress: limit(
    `${BLOCK_AFTER} iterations in a row change nothing: not the files, the plan or the documents`,
  ),
  refused: limit("the model refuses the request, or its vendor's reviewer what the agent does"),
  overloaded: limit('the provider is overloaded for longer than `RETRY_HOURS`'),
  network: limit('the provider cannot be reached for longer than `RETRY_HOURS`'),
  config: failure('the agent CLI cannot run with its current setup'),
  retries: failure('an agent crashes after the last of `SAMOCODE_MAX_RETRIES`'),
  checks: failure('checks of the project fail after the last allowed return to implementation'),
  base_checks: failure(
    'the program of a check is missing, or SETUP fails, on the commit that the session began from',
  ),
  uncommitted: failure('work is left uncommitted after the last allowed return to implementation'),
  false_done: failure(
    'the agent reports the work as done, but the branch or the plan shows otherwise, after the last allowed return to implementation',
  ),
  run_folder_changed: failure('files of the run folder that only samocode writes changed while an agent ran'),
  git_programs_changed: failure(
    'settings or hooks by which git starts programs are not the ones that a person accepted, or files below home that start programs or are read by your chats changed while an agent ran',
  ),
  signal_json: fault('`_signal.json` cannot be read, or its status is unknown'),
  signal_not_allowed: fault('the status may not be signalled in this phase'),
  signal_phase: fault('the named phase does not exist or cannot follow this one'),
  edge_condition: fault('the named phase can follow this one, but not now'),
  wait_not_allowed: fault('the phase may not wait for what it names'),
  nothing_asked: fault('it waits for answers, but no question is open'),
  nothing_to_approve: fault('it waits for an approval, but the plan has not changed since the last one'),
  no_plan: fault('there is no plan document to approve'),
  no_file: fault('it waits for a file and does not name it'),
  messages: fault('it signals `done` and has not acknowledged every message from the human'),
  ledger: fault(
    'the requirement ledger `_requirements.json` is missing after requirements, or cannot be read',
  ),
  plan_servers: fault('the section "MCP servers" of the plan cannot be read'),
  no_signal: fault('an agent writes no signal and changes nothing, or is the second in a row without one'),
  log_ceiling: fault('its output exceeds the size limit of a log'),
} as const satisfies Record<string, BlockRule>;
export type BlockRuleName = keyof typeof BLOCK_RULES;
