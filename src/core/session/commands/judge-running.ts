import type { NextStep } from '../../kernel/acts.ts';
import { type Gate, PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import type { Holding, Lease } from '../../kernel/processes/lease.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import type { FrozenSettings, SessionFile } from '../events/bodies/session-file.ts';
import { type By, isPersonal } from '../events/bodies/who-acted.ts';
import type { OtherBuild, SessionEvent } from '../events/events.ts';
import { ruleOfBlock } from '../events/fold-resumes.ts';
import { hasEnded } from '../events/rest.ts';
import type { SessionState } from '../events/state.ts';
import { otherBuildError } from '../layout/session-errors.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import { closedLimits } from './judge-limits.ts';
import {
  channelRefusal,
  type GateRule,
  type Refused,
  refused,
  refusedForStatus,
  type SentBy,
} from './refused.ts';

export interface ResumeFacts {
  /** The limit that would block the session again at once, and how to raise it; only the worker knows it. */
  spent?: { reason: string; next: readonly NextStep[] } | undefined;
  /** The sandbox level at which it would continue, if lower than before; only the worker has probed it. */
  lowered?: SandboxLevel;
  /** The gate that is closed before the phase that it names; only the worker reads the questions. */
  closedGate?: string | undefined;
}

type ResumeVerdict = { kind: 'accepted'; phase: Phase; resetsCounts: boolean } | Refused;

type ResumedState = Pick<SessionState, 'status' | 'stopWanted' | 'progress' | 'resumedByModel'>;

/** Why the session cannot be resumed now, whatever with. */
export function resumeNow(state: ResumedState, { by }: Pick<SentBy, 'by'>): Refused | undefined {
  const { status, stopWanted } = state;
  const closed = atGate(status);
  if (closed) return closed;
  const isQueued = status.kind === 'queued' && status.order === undefined;
  if (status.kind === 'starting' || isQueued || status.kind === 'running')
    // While an agent runs, a requested stop cannot be cancelled: the resume could come from the agent.
    return stopWanted === undefined
      ? refusedForStatus(COMMAND_ERRORS.already_running())
      : refused(COMMAND_ERRORS.stop_under_way());
  if (by.channel === 'tool' && isResumedByModel(state))
    return refused(COMMAND_ERRORS.needs_person({ rule: ruleOfBlock(state) }));
  if (status.kind === 'limited' && status.kept !== undefined && !isPersonal(by))
    return refused(COMMAND_ERRORS.kept_for_person());
  return acceptsPrograms(state) && !sawAll(by) ? refused(COMMAND_ERRORS.needs_person({})) : undefined;
}

/** Whether a session continues, and in which phase. A resume opens no gate. */
export function judgeResume(
  { goal, by, phase }: Pick<CommandOf<'resume'>, 'goal' | 'by' | 'phase'>,
  state: ResumedState,
  { spent, lowered, closedGate }: ResumeFacts = {},
): ResumeVerdict {
  const { status, progress } = state;
  const closed = resumeNow(state, { by });
  if (closed) return closed;
  const isDone = status.kind === 'done';
  if (isDone && !goal?.trim()) return refused(COMMAND_ERRORS.goal_missing());
  if (!isDone && goal !== undefined) return refused(COMMAND_ERRORS.not_done({ status: status.kind }));
  const why = isDone ? 'new work of a finished session begins with its first phase' : closedGate;
  if (phase !== undefined && why !== undefined) return refused(COMMAND_ERRORS.phase_closed({ phase, why }));
  if (spent !== undefined) return refused(COMMAND_ERRORS.budget_spent(spent));
  if (isDone) return { kind: 'accepted', phase: 'investigation', resetsCounts: true };
  if (status.kind === 'waiting')
    return { kind: 'accepted', phase: phase ?? status.resumePhase, resetsCounts: false };
  const isBlocked = status.kind === 'blocked';
  if (isBlocked && !sawAll(by) && lowered !== undefined)
    return refused(COMMAND_ERRORS.needs_person({ level: lowered }));
  // One that is queued has not begun; the resume begins it.
  return { kind: 'accepted', phase: phase ?? progress.phase, resetsCounts: isBlocked };
}

/**
 * Why no person can put a session into a phase, however they ask for it: a gate before it is closed.
 * @param facts the gates of its settings, and how many questions are open
 */
export function closedGateBefore(
  target: Phase,
  {
    status,
    answers,
    approvedPlan,
    progress,
  }: Pick<SessionState, 'status' | 'answers' | 'approvedPlan' | 'progress'>,
  { gates, open }: { gates: readonly Gate[]; open: number },
): string | undefined {
  // The session's wait, including one that a stop or block interrupted.
  const wait = status.kind === 'waiting' ? status.for : 'parked' in status ? status.parked?.for : undefined;
  const order = PHASE_NAMES.indexOf(target);
  const isAfter = (gate: Phase) => order > PHASE_NAMES.indexOf(gate);
  if (isAfter('requirements') && gates.includes('qa') && (wait === 'qa_answers' || open > 0))
    return 'questions are still open';
  // A plan comes before the work of every other session, and is shown even if no agent had a question.
  if (!isAfter('planning') || progress.way === 'quick') return undefined;
  if (gates.includes('plan')) {
    if (approvedPlan === undefined) return 'no plan has been approved yet';
    if (wait === 'plan_approval') return 'the plan waits for approval';
  }
  // An approved plan implies answers; a session that was taken over may have had no questions.
  const wasAsked = answers.length > 0 || approvedPlan !== undefined;
  return gates.includes('qa') && !wasAsked ? 'no question has been answered yet' : undefined;
}

/** Whether a model has undone this block before, and no person acted since: the next one is for a person to undo. */
export function isResumedByModel(state: Pick<SessionState, 'status' | 'resumedByModel'>): boolean {
  return state.resumedByModel?.some((rule) => rule === ruleOfBlock(state)) === true;
}

/** Whether a resume accepts the programs that git has been configured to start. */
export function acceptsPrograms({ status }: Pick<SessionState, 'status'>): boolean {
  return status.kind === 'blocked' && status.rule === 'git_programs_changed';
}

export function isOutOfBudget({ status }: Pick<SessionState, 'status'>): boolean {
  return status.kind === 'blocked' && status.rule === 'budget';
}

/**
 * Whether the person saw the full list of programs, which a notification may have omitted, or the level of the sandbox.
 * Another machine shows those of its own, and only says which channel it was.
 */
function sawAll({ channel, person }: By): boolean {
  return channel === 'cli' && person === undefined;
}

function atGate(status: SessionState['status']): Refused | undefined {
  if (status.kind !== 'waiting') return undefined;
  if (status.for === 'qa_answers') return refusedForStatus(COMMAND_ERRORS.gate_closed({ for: 'answers' }));
  if (status.for !== 'plan_approval') return undefined;
  return refusedForStatus(COMMAND_ERRORS.gate_closed({ for: 'plan' }));
}

type StopVerdict =
  /**
   * `request`: running work stops on its own. `stop`: nothing is running; the agent of `openIteration` is ended first.
   */
  | { kind: 'accepted'; how: 'request' }
  | { kind: 'accepted'; how: 'stop'; openIteration?: SessionState['openIteration'] }
  | Refused;

export function judgeStop({
  status,
  openIteration,
  work,
}: Pick<SessionState, 'status' | 'openIteration' | 'work'>): StopVerdict {
  if (work !== undefined) return { kind: 'accepted', how: 'request' };
  if (hasEnded(status.kind)) return refused(COMMAND_ERRORS.not_running({ status: status.kind }));
  // An iteration left open by a block waits for a person: nothing runs that could handle the request later.
  const isRunning = openIteration !== undefined && status.kind !== 'blocked';
  if (isRunning || status.kind === 'starting') return { kind: 'accepted', how: 'request' };
  return { kind: 'accepted', how: 'stop', openIteration };
}

export function judgeMessage(
  { text }: Pick<CommandOf<'message'>, 'text'>,
  { status }: Pick<SessionState, 'status'>,
): { kind: 'accepted' } | Refused {
  if (text.trim() === '') return refused(COMMAND_ERRORS.empty_message());
  return messageNow({ status }) ?? { kind: 'accepted' };
}

export function messageNow({ status }: Pick<SessionState, 'status'>): Refused | undefined {
  return status.kind === 'done' ? refused(COMMAND_ERRORS.done()) : undefined;
}

/**
 * Whether a message can be withdrawn: only while no agent has received it.
 * @param events of the session, for the reason of a refusal
 */
export function judgeWithdraw(
  { message }: Pick<CommandOf<'withdraw_message'>, 'message'>,
  { messages }: Pick<SessionState, 'messages'>,
  events: readonly SessionEvent[],
): { kind: 'accepted' } | Refused {
  if (messages.waiting.some(({ id }) => id === message)) return { kind: 'accepted' };
  for (const event of events) {
    if (event.type === 'message_withdrawn' && event.id === message)
      return refused(COMMAND_ERRORS.message_withdrawn());
    if (event.type === 'messages_delivered' && event.ids.includes(message))
      return refused(COMMAND_ERRORS.message_received({ iteration: event.iteration }));
  }
  return refused(COMMAND_ERRORS.message_unknown({ message, unread: messages.waiting }));
}

type GateChoices = GateRule & Pick<FrozenSettings, 'gates' | 'autoApprove' | 'acceptSuggestions'>;
type Choices = GateChoices & Pick<FrozenSettings, 'sandbox' | 'sandboxLowered' | 'limits' | 'fileLimits'>;

/**
 * Whether a session may start with these choices: opening a gate in advance, quick work and limits above those of the
 * file require an allowed channel; lowering the sandbox, and quick work on the text of an issue, require a person,
 * regardless of GATE_CHANNELS.
 */
export function judgeStart(
  { by }: Pick<CommandOf<'start'>, 'by'>,
  { createdAt }: Pick<SessionState, 'createdAt'>,
  settings: Choices,
  { way, issue }: Partial<Pick<SessionFile, 'way' | 'issue'>> = {},
): { kind: 'accepted' } | Refused {
  if (createdAt !== undefined) return refused(COMMAND_ERRORS.already_started());
  if (settings.sandboxLowered && !isPersonal(by))
    return refused(COMMAND_ERRORS.person_needed({ sandbox: settings.sandbox }));
  const ofFile = { session: settings.fileLimits ?? {}, phases: {} };
  const raised = settings.fileLimits && closedLimits(settings.limits, by, { ...settings, limits: ofFile });
  if (raised) return raised;
  if (way === 'quick' && issue !== undefined && !isPersonal(by))
    return refused(COMMAND_ERRORS.quick_issue_needs_person());
  const atGates = CHOICES.filter(({ choice }) => settings[choice]).map(({ words }) => words);
  const chosen = way === 'quick' ? ['work without questions and a plan', ...atGates] : atGates;
  if (chosen.length === 0) return { kind: 'accepted' };
  return channelRefusal(by, settings, chosen) ?? { kind: 'accepted' };
}

const CHOICES = [
  { gate: 'qa', choice: 'acceptSuggestions', words: 'accept its suggestions' },
  { gate: 'plan', choice: 'autoApprove', words: 'approve its plan' },
] as const;

/**
 * Returns who opened a gate before the session reached it; undefined: the session waits there.
 * @param startedBy who gave the start or the newest goal; absent before the start is recorded
 */
export function openedAtStart(gate: Gate, settings: GateChoices, startedBy: By | undefined): By | undefined {
  const isChosen = CHOICES.some((each) => each.gate === gate && settings[each.choice]);
  // Choices made for the earlier work do not apply to a new goal from a channel that may not open gates.
  if (isChosen && startedBy && !channelRefusal(startedBy, settings)) return { ...startedBy, atStart: true };
  return settings.gates.includes(gate) ? undefined : BY_SETTINGS;
}

export const BY_SETTINGS: By = { channel: 'settings' };

interface TakeOverFacts {
  session: string;
  holding: Holding;
  otherBuild?: OtherBuild | undefined;
  /** The number of the lease that the person agreed to take over; absent until they do. */
  givenUp?: number;
}

/**
 * Whether a session may be taken over from its worker: only from one on another machine or in another container, whose
 * state cannot be determined from here, and only while it holds the lease. Only a person can know that it is gone for
 * good.
 */
export function judgeTakeOver({
  session,
  holding,
  otherBuild,
  givenUp,
}: TakeOverFacts): { kind: 'accepted'; lease: Lease } | { kind: 'not_needed' } | Refused {
  if (otherBuild !== undefined) return refused(otherBuildError(session, otherBuild));
  if (holding.kind !== 'held' || holding.liveness === 'dead') return { kind: 'not_needed' };
  const { lease, liveness } = holding;
  // A newer owner keeps the session.
  if (liveness === 'unknowable' && lease.number === (givenUp ?? lease.number))
    return { kind: 'accepted', lease };
  const { owner, acquiredAt: since } = lease;
  const pid = liveness === 'alive' ? owner.pid : undefined;
  return refused(COMMAND_ERRORS.worker_lives({ session, pid, since }));
}
