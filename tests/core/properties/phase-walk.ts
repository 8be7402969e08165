import {
  afterBadDocument,
  afterFailedChecks,
  afterFalseClaims,
  afterUncommitted,
  afterUnreadMessages,
  afterUnreviewed,
  waitAboutBase,
} from '../../../src/core/kernel/phases/after-checks.ts';
import { checkLimit, decide } from '../../../src/core/kernel/phases/decide.ts';
import type { Decision, JudgedSignal } from '../../../src/core/kernel/phases/decision.ts';
import { COUNTED_ENDINGS, type EndingKind } from '../../../src/core/kernel/phases/ending.ts';
import { type Outage, withEnding } from '../../../src/core/kernel/phases/outage.ts';
import type { Outcome, Rules } from '../../../src/core/kernel/phases/outcome.ts';
import {
  firstPhase,
  initialProgress,
  inPhase,
  type Progress,
  withChildEnded,
  withCountsReset,
} from '../../../src/core/kernel/phases/progress.ts';
import { limitOf, PHASE_NAMES, PHASES, type Phase, type Way } from '../../../src/core/kernel/phases/table.ts';
import { read } from '../../support/phase-facts.ts';

/** What the worker can find after an agent's end, and what it then decides instead. */
export const FINDINGS = [
  'nothing',
  'checks',
  'claims',
  'uncommitted',
  'unreviewed',
  'messages',
  'base',
] as const;
type Finding = (typeof FINDINGS)[number];

/** What one agent does, in terms of what its phase allows. */
export interface ChildAct {
  end: EndingKind;
  kind: 'signal' | 'none' | 'malformed';
  /** Which of the phase's signals, and which of its targets (0: none named, 1…: those of the table). */
  status: number;
  target: number;
  changed: boolean;
  treeChanged: boolean;
  /** Does something that is not allowed: signals `done`, changes the approved plan. */
  bad: boolean;
  /** Where the worker looks. */
  found: Finding;
}

interface Step {
  from: Phase;
  decision: Decision;
  status: JudgedSignal['status'] | undefined;
  counts: boolean;
  answered: boolean;
  approved: boolean;
  way: Way;
  /** A quality agent has moved on since the last implementation agent, or ends the session itself. */
  reviewed: boolean;
  /** The worker refused what the agent signalled: back to implementation, or another round of quality. */
  refused: 'return' | 'round' | undefined;
  /** A person resumed the session from a block before this agent. */
  resetBefore: boolean;
}

export interface Walk {
  steps: readonly Step[];
  rules: Rules;
}

/** Acts that a person really made, besides what the progress records. */
interface People {
  answered: boolean;
  approved: boolean;
}

const LIFE = 300;

/** The life of one session: agents act in turn, people open requested gates, blocks are resumed. */
export function live(
  acts: readonly ChildAct[],
  rules: Rules,
  resets: readonly boolean[],
  way: Way = 'full',
): Walk {
  const steps: Step[] = [];
  let progress = initialProgress(way === 'full' ? 'init' : firstPhase(way), way);
  // The plan of a `plan` session is approved before its first agent.
  let people: People = { answered: false, approved: way === 'plan' };
  let resetBefore = false;
  let outage: Outage | undefined;
  for (let n = 0; n < LIFE; n += 1) {
    if (checkLimit(progress)) {
      if (!resets[n % resets.length]) break;
      progress = withCountsReset(progress);
      outage = undefined;
      resetBefore = true;
    }
    const act = pick(acts, n);
    outage = withEnding(outage, { ending: act.end, durationMs: 0 });
    const outcome = outcomeOf(act, progress.phase, people, outage);
    const { decision, refused } = decidedByWorker(progress, decide(progress, outcome, rules), act.found);
    steps.push({ ...stepOf(progress, outcome, decision, people), refused, resetBefore });
    resetBefore = decision.kind === 'block';
    if (decision.kind === 'done' || (resetBefore && !resets[n % resets.length])) break;
    if (act.bad && rules.gates.plan) people = { ...people, approved: false };
    progress = ended(progress, outcome, decision);
    if (resetBefore) {
      progress = withCountsReset(progress);
      outage = undefined;
    }
    if (decision.kind === 'park') {
      progress = inPhase(progress, decision.resumePhase);
      people = afterPark(people, decision.for);
    }
    // A person who resumes a block has read the current plan.
    if (resetBefore && PHASE_NAMES.indexOf(progress.phase) > 3) people = { ...people, approved: true };
  }
  return { steps, rules };
}

/**
 * How many agents run, repeating these actions, until the session parks, blocks, is limited or done. Gates are open,
 * because a closed one only ends a run sooner.
 */
export function rehearse(acts: readonly ChildAct[], rules: Rules): number {
  const most = childrenAtMost(rules);
  let progress = initialProgress();
  let outage: Outage | undefined;
  for (let n = 0; n <= most; n += 1) {
    if (checkLimit(progress)) return n;
    const act = { ...pick(acts, n), bad: false };
    outage = withEnding(outage, { ending: act.end, durationMs: 0 });
    const outcome = outcomeOf(act, progress.phase, { answered: true, approved: true }, outage);
    const { decision } = decidedByWorker(progress, decide(progress, outcome, rules), act.found);
    if (decision.kind !== 'run') return n + 1;
    progress = ended(progress, outcome, decision);
  }
  return most + 1;
}

/**
 * The maximum number of agents in a run: every phase's limit of counted ones and, before each of those and after the
 * last, every uncounted failure in a row and one corrective retry, with the quick attempts of an outage before and
 * after that; one more to block.
 */
export function childrenAtMost(rules: Rules): number {
  const counted = PHASE_NAMES.reduce((sum, name) => sum + limitOf(name, 'full'), 0);
  return counted + (counted + 1) * (rules.maxRetries + 1 + 2 * 3) + 1;
}

/** Where the worker looks before it follows a signal, its findings take the place of the decision. */
function decidedByWorker(
  progress: Progress,
  decision: Decision,
  found: Finding,
): Pick<Step, 'decision' | 'refused'> {
  const kept = { decision, refused: undefined };
  const { phase } = progress;
  const isWork = PHASE_NAMES.indexOf(phase) >= PHASE_NAMES.indexOf('implementation');
  const isProved =
    decision.kind === 'done' || (isWork && phase !== 'quality' && decision.phase === 'quality');
  const moves = decision.kind === 'run' && decision.phase !== phase;
  if (!isProved && moves && !isWork && found === 'claims')
    return { ...kept, decision: afterBadDocument(progress, { rule: 'ledger', problem: 'p' }) };
  const leavesQuality = phase === 'quality' && (moves || decision.kind === 'done');
  if (found === 'unreviewed' && leavesQuality)
    return { decision: afterUnreviewed(progress, ['R1']), refused: 'round' };
  if (!isProved) return kept;
  switch (found) {
    case 'checks':
      return { decision: afterFailedChecks(progress, ['npm test']), refused: 'return' };
    case 'claims':
      return { decision: afterFalseClaims(progress, ['a phase is open']), refused: 'return' };
    case 'uncommitted':
      return {
        decision: afterUncommitted(progress, ['a.ts']),
        refused: progress.failureCounts.corrected ? 'return' : undefined,
      };
    case 'messages':
      return { ...kept, decision: afterUnreadMessages(progress, ['M1']) };
    case 'base':
      return { ...kept, decision: waitAboutBase(phase, phase) };
    default:
      return kept;
  }
}

function outcomeOf(act: ChildAct, phase: Phase, people: People, outage: Outage | undefined): Outcome {
  const follows = PHASE_NAMES.indexOf(phase) > PHASE_NAMES.indexOf('planning');
  return {
    end: act.end,
    signal: signalOf(act, phase),
    ...(outage && { outage }),
    changed: act.changed,
    treeChanged: act.treeChanged,
    questions: { asked: 1, open: people.answered ? [] : ['Q1'] },
    plan: {
      exists: true,
      approved: people.approved && !act.bad,
      changedSinceApproval: act.bad && follows && people.approved,
      untestable: act.target === 2,
      triedInReview: act.target === 1,
    },
    hasChecks: act.changed,
    unacknowledged: [],
  };
}

function signalOf(act: ChildAct, phase: Phase): Outcome['signal'] {
  if (act.kind === 'none') return { kind: 'none' };
  if (act.kind === 'malformed') return { kind: 'malformed', problem: 'torn' };
  const { signals, next } = PHASES[phase];
  const status = act.bad ? 'done' : pick(signals, act.status);
  const target = pick([undefined, ...next], act.target);
  return { kind: 'signal', signal: read({ status, ...(target && { phase: target }) }, phase) };
}

function stepOf(
  { phase: from, way, qualitySinceImplementation }: Progress,
  outcome: Outcome,
  decision: Decision,
  people: People,
): Omit<Step, 'refused' | 'resetBefore'> {
  const signal = outcome.signal.kind === 'signal' ? outcome.signal.signal : undefined;
  const counts = signal !== undefined || COUNTED_ENDINGS.includes(outcome.end);
  return {
    from,
    decision,
    status: signal?.status,
    counts,
    ...people,
    way,
    reviewed: from === 'quality' || qualitySinceImplementation,
  };
}

function ended(progress: Progress, outcome: Outcome, decision: Decision): Progress {
  const { phase } = progress;
  const signal = outcome.signal.kind === 'signal' ? outcome.signal.signal : undefined;
  return withChildEnded(progress, {
    phase,
    ending: outcome.end,
    signal,
    decision,
    treeChanged: outcome.treeChanged,
  });
}

function afterPark(people: People, waitedFor: string): People {
  return {
    answered: people.answered || waitedFor === 'qa_answers',
    approved: people.approved || waitedFor === 'plan_approval',
  };
}

function pick<T>(items: readonly T[], at: number): T {
  // An index below the length of a list that is not empty.
  return items[at % items.length] as T;
}
