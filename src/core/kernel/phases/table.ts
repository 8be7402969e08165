/**
 * The phases of a session, their limits and allowed signals: the one table that the worker, the prompts, the documents
 * and the tests read.
 */
export const PHASE_NAMES = [
  'init',
  'investigation',
  'requirements',
  'planning',
  'implementation',
  'testing',
  'quality',
  'done',
] as const;
export type Phase = (typeof PHASE_NAMES)[number];

/** Those that a person can name: the worker always runs `init` first, and a finished session continues with a new goal. */
export const WORK_PHASES = PHASE_NAMES.filter((phase) => phase !== 'init' && phase !== 'done');

export const SIGNAL_STATUSES = ['continue', 'waiting', 'handoff', 'blocked', 'done'] as const;
export type SignalStatus = (typeof SIGNAL_STATUSES)[number];

export const WAITING_FOR = ['qa_answers', 'plan_approval', 'file_update', 'human_action'] as const;
export type WaitingFor = (typeof WAITING_FOR)[number];

export const GATES = ['qa', 'plan'] as const;
export type Gate = (typeof GATES)[number];

export interface PhaseRule {
  /** Agents that may run in this phase before a person is asked. */
  limit: number;
  signals: readonly SignalStatus[];
  /** The waits that a `waiting` signal may name; the first is the default. */
  waits: readonly WaitingFor[];
  /** Phases that a `continue` signal may name; staying is always allowed. */
  next: readonly Phase[];
}

/**
 * How a session works. full: questions and a plan come first. quick: one agent does the task as written. plan: the plan
 * that it was started with is carried out.
 */
export const WAYS = ['full', 'quick', 'plan'] as const;
export type Way = (typeof WAYS)[number];

export const PHASES: Readonly<Record<Phase, PhaseRule>> = {
  init: { limit: 5, signals: ['continue', 'blocked'], waits: [], next: ['investigation'] },
  investigation: {
    limit: 20,
    signals: ['continue', 'waiting', 'handoff', 'blocked'],
    waits: ['qa_answers', 'plan_approval', 'file_update', 'human_action'],
    next: ['requirements', 'implementation'],
  },
  requirements: {
    limit: 10,
    signals: ['continue', 'waiting', 'handoff', 'blocked'],
    waits: ['qa_answers', 'plan_approval', 'file_update', 'human_action'],
    next: ['planning', 'implementation'],
  },
  planning: {
    limit: 10,
    signals: ['continue', 'waiting', 'handoff', 'blocked'],
    waits: ['plan_approval', 'qa_answers', 'file_update', 'human_action'],
    next: ['implementation'],
  },
  implementation: {
    limit: 100,
    signals: ['continue', 'waiting', 'handoff', 'done', 'blocked'],
    waits: ['human_action', 'qa_answers', 'file_update', 'plan_approval'],
    next: ['testing', 'quality', 'requirements'],
  },
  testing: {
    limit: 20,
    signals: ['continue', 'handoff', 'blocked'],
    waits: [],
    next: ['quality', 'done', 'implementation'],
  },
  quality: {
    limit: 10,
    signals: ['continue', 'handoff', 'done', 'blocked'],
    waits: [],
    next: ['testing', 'done'],
  },
  done: { limit: 3, signals: ['done', 'blocked'], waits: [], next: [] },
};

const DRAWN: Readonly<Record<Way, readonly Phase[]>> = {
  full: PHASE_NAMES,
  quick: ['implementation', 'quality', 'done'],
  plan: ['planning', 'implementation', 'testing', 'quality', 'done'],
};

/** What a picture of the session's way shows, in order: the phases of its kind, and the one in which it is. */
export function phasesOf(way: Way = 'full', phase?: Phase): readonly Phase[] {
  const drawn = DRAWN[way];
  // Before its first agent it is in none of them.
  return PHASE_NAMES.filter((each) => drawn.includes(each) || (each === phase && phase !== 'init'));
}

/** ` (quick)`, after the name of a session that has no plan. */
export function wayText({ way }: { way?: Way }): string {
  return way === 'quick' ? ' (quick)' : '';
}

/** Agents of implementation that a quick session may use: the first, its returns, and some hand-offs. */
const QUICK_LIMIT = 8;

export function limitOf(phase: Phase, way: Way): number {
  return way === 'quick' && phase === 'implementation' ? QUICK_LIMIT : PHASES[phase].limit;
}

/** The number of times that failed tests or checks may send the work back to implementation. */
export const MAX_TEST_RETURNS = 3;
/** The number of quality agents that may signal to stay (fix and review again). */
export const MAX_QUALITY_ROUNDS = 3;

/** Iterations in a row without a change before the next agent is notified, and before a person is asked. */
export const NUDGE_AFTER = 3;
export const BLOCK_AFTER = 5;

/** Whether work in `phase` follows an approved plan, so that a changed plan must be shown first. */
export function followsPlan(phase: Phase): boolean {
  return PHASE_NAMES.indexOf(phase) > PHASE_NAMES.indexOf('planning');
}

export function phaseNamed(text: string): Phase | undefined {
  const lower = text.trim().toLowerCase();
  return PHASE_NAMES.find((name) => name === lower);
}
