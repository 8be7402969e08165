import type { NextStep } from '../../base/acts.ts';
import type { Holding, Lease } from '../../base/processes/lease.ts';
import type { SandboxLevel } from '../../base/sandbox-level.ts';
import type { Gate, Phase } from '../../phases/table.ts';
import type { By, Channel } from '../events/bodies/who-acted.ts';
import type { FrozenSettings } from '../events/session-file.ts';
import type { SessionState } from '../events/state.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import { closedChannel, type Refused, refused, refusedForStatus } from './judge-kind.ts';

export interface ResumeFacts {
  /** Limits that would block it again at once, and how to raise them; the action cannot know them. */
  spent?: { reason: string; next: readonly NextStep[] } | undefined;
  /** The level at which it would go on, where that is lower than before; only the worker has tried it. */
  lowered?: SandboxLevel | undefined;
}

type ResumeVerdict = { kind: 'accepted'; phase: Phase; resetsCounts: boolean } | Refused;

/** Whether a session goes on, and where. A resume opens no gate. */
export function judgeResume(
  { goal, by }: Pick<CommandOf<'resume'>, 'goal' | 'by'>,
  { status, stopWanted, progress }: Pick<SessionState, 'status' | 'stopWanted' | 'progress'>,
  { spent, lowered }: ResumeFacts = {},
): ResumeVerdict {
  const closed = atGate(status);
  if (closed) return closed;
  if (status.kind === 'starting' || status.kind === 'queued' || status.kind === 'running')
    // While an agent runs nothing takes a stop back: what opens a gate could come from the agent.
    return stopWanted === undefined
      ? refusedForStatus(COMMAND_ERRORS.already_running())
      : refused(COMMAND_ERRORS.stop_under_way());
  if (status.kind === 'done' && !goal?.trim()) return refused(COMMAND_ERRORS.goal_missing());
  if (status.kind !== 'done' && goal !== undefined)
    return refused(COMMAND_ERRORS.not_done({ status: status.kind }));
  if (spent !== undefined) return refused(COMMAND_ERRORS.budget_spent(spent));
  switch (status.kind) {
    case 'done':
      return { kind: 'accepted', phase: 'investigation', resetsCounts: true };
    case 'waiting':
      return { kind: 'accepted', phase: status.resumePhase, resetsCounts: false };
    case 'limited':
    case 'stopped':
      return { kind: 'accepted', phase: progress.phase, resetsCounts: false };
    case 'blocked':
      if (!PERSONS.includes(by.channel) && acceptsPrograms({ status }))
        return refused(COMMAND_ERRORS.needs_person({}));
      if (!PERSONS.includes(by.channel) && lowered !== undefined)
        return refused(COMMAND_ERRORS.needs_person({ level: lowered }));
      return { kind: 'accepted', phase: progress.phase, resetsCounts: true };
    default:
      return status satisfies never;
  }
}

/** Whether a resume says that git may start what it has been set to start. */
export function acceptsPrograms({ status }: Pick<SessionState, 'status'>): boolean {
  return status.kind === 'blocked' && status.rule === 'git_programs_changed';
}

/** Those who saw what it lists: a notification may have left it out. */
const PERSONS: readonly Channel[] = ['cli', 'elicitation'];

function atGate(status: SessionState['status']): Refused | undefined {
  if (status.kind !== 'waiting') return undefined;
  if (status.for === 'qa_answers') return refusedForStatus(COMMAND_ERRORS.gate_closed({ for: 'answers' }));
  if (status.for !== 'plan_approval') return undefined;
  return refusedForStatus(COMMAND_ERRORS.gate_closed({ for: 'plan' }));
}

type StopVerdict =
  /** `request`: what is under way meets it. `stop`: nothing is; `openIteration`: its agent is ended first. */
  | { kind: 'accepted'; how: 'request' }
  | { kind: 'accepted'; how: 'stop'; openIteration?: SessionState['openIteration'] }
  | Refused;

export function judgeStop({
  status,
  openIteration,
  merge,
}: Pick<SessionState, 'status' | 'openIteration' | 'merge'>): StopVerdict {
  if (merge !== undefined) return { kind: 'accepted', how: 'request' };
  if (status.kind === 'stopped' || status.kind === 'done')
    return refused(COMMAND_ERRORS.not_running({ status: status.kind }));
  // An iteration that a block left open waits for a person: nothing works there that would meet the wish later.
  const isBeingDone = openIteration !== undefined && status.kind !== 'blocked';
  if (isBeingDone || status.kind === 'starting') return { kind: 'accepted', how: 'request' };
  return { kind: 'accepted', how: 'stop', openIteration };
}

export function judgeMessage(
  { text }: Pick<CommandOf<'message'>, 'text'>,
  { status }: Pick<SessionState, 'status'>,
): { kind: 'accepted' } | Refused {
  if (text.trim() === '') return refused(COMMAND_ERRORS.empty_message());
  return status.kind === 'done' ? refused(COMMAND_ERRORS.done()) : { kind: 'accepted' };
}

type GateChoices = Pick<FrozenSettings, 'gates' | 'gateChannels' | 'autoApprove' | 'acceptSuggestions'>;
type Choices = GateChoices & Pick<FrozenSettings, 'sandbox' | 'sandboxLowered'>;

/**
 * Whether a session may begin with these choices: one that opens a gate in advance is an act of its channel, and one
 * that lowers the sandbox a person's, whatever GATE_CHANNELS says.
 */
export function judgeStart(
  { by }: Pick<CommandOf<'start'>, 'by'>,
  { createdAt }: Pick<SessionState, 'createdAt'>,
  settings: Choices,
): { kind: 'accepted' } | Refused {
  if (createdAt !== undefined) return refused(COMMAND_ERRORS.already_started());
  if (settings.sandboxLowered && by.channel === 'tool')
    return refused(COMMAND_ERRORS.person_needed({ sandbox: settings.sandbox }));
  const chosen = CHOICES.filter(({ choice }) => settings[choice]).map(({ words }) => words);
  if (chosen.length === 0) return { kind: 'accepted' };
  return closedChannel(by, settings.gateChannels, 'No session was started.', chosen) ?? { kind: 'accepted' };
}

const CHOICES = [
  { gate: 'qa', choice: 'acceptSuggestions', words: 'accept its suggestions' },
  { gate: 'plan', choice: 'autoApprove', words: 'approve its plan' },
] as const;

/**
 * Who has opened a gate before the session came to it; undefined: it waits there.
 * @param startedBy of the start, or of the newest goal; absent before the start is recorded
 */
export function openedAtStart(gate: Gate, settings: GateChoices, startedBy: By | undefined): By | undefined {
  const isChosen = CHOICES.some((each) => each.gate === gate && settings[each.choice]);
  // A new goal by a channel that may open no gate: what was chosen for the work before does not count for it.
  if (isChosen && startedBy && !closedChannel(startedBy, settings.gateChannels))
    return { ...startedBy, atStart: true };
  return settings.gates.includes(gate) ? undefined : BY_SETTINGS;
}

export const BY_SETTINGS: By = { channel: 'settings' };

interface TakeOverFacts {
  session: string;
  holding: Holding;
  newer?: string | undefined;
  /** The number of the lease whose owner the person has given up; absent while they are asked. */
  givenUp?: number | undefined;
}

/**
 * Whether a session may be taken from its worker: from one that can't be judged from here, because it ran on another machine
 * or in another container, and only while that one has it. Nothing but a person's word says that it is gone for good.
 */
export function judgeTakeOver({
  session,
  holding,
  newer,
  givenUp,
}: TakeOverFacts): { kind: 'accepted'; lease: Lease } | { kind: 'not_needed' } | Refused {
  if (newer !== undefined) return refused(SESSION_ERRORS.newer_format({ newer }));
  if (holding.kind !== 'held' || holding.liveness === 'dead') return { kind: 'not_needed' };
  const { lease, liveness } = holding;
  // Another owner that came meanwhile is no less to be respected.
  if (liveness === 'unknowable' && lease.number === (givenUp ?? lease.number))
    return { kind: 'accepted', lease };
  const { owner, acquiredAt: since } = lease;
  return refused(COMMAND_ERRORS.worker_lives({ session, pid: owner.pid, since }));
}
