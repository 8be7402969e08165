import type { SandboxLevel } from '../../base/sandbox-level.ts';
import { type CapUse, settingOf, useInWords } from '../../phases/caps.ts';
import type { Phase } from '../../phases/table.ts';
import type { CommandOf } from '../commands.ts';
import type { Channel } from '../event-types.ts';
import type { SessionState } from '../state.ts';
import { type Refused, refused } from './refused.ts';

export interface ResumeFacts {
  /** Limits that would block it again at once, and how that is worded; the action cannot know them. */
  spent?: { first: CapUse; reason: string } | undefined;
  /** The level at which it would go on, where that is lower than before; only the worker has tried it. */
  lowered?: SandboxLevel | undefined;
}

export type ResumeVerdict = { kind: 'accepted'; phase: Phase; resetsCounts: boolean } | Refused;

/** Whether a session goes on, and where. A resume opens no gate. */
export function judgeResume(
  { goal, by }: Pick<CommandOf<'resume'>, 'goal' | 'by'>,
  { status, stopWanted, progress }: Pick<SessionState, 'status' | 'stopWanted' | 'progress'>,
  { spent, lowered }: ResumeFacts = {},
): ResumeVerdict {
  const closed = atGate(status);
  if (closed) return closed;
  if (status.kind === 'starting' || status.kind === 'queued' || status.kind === 'running')
    return stopWanted === undefined ? SESSION_RUNS : STOPS;
  if (status.kind === 'done' && !goal?.trim()) return NO_GOAL;
  if (status.kind !== 'done' && goal !== undefined) return notDone(status.kind);
  if (spent !== undefined) {
    const hint = `Give ${settingOf(spent.first)} more than is spent: ${useInWords(spent.first)}.`;
    return refused('budget_spent', { what: NOTHING, why: spent.reason, hint });
  }
  switch (status.kind) {
    case 'done':
      return { kind: 'accepted', phase: 'investigation', resetsCounts: true };
    case 'waiting':
      return { kind: 'accepted', phase: status.resumePhase, resetsCounts: false };
    case 'limited':
    case 'stopped':
      return { kind: 'accepted', phase: progress.phase, resetsCounts: false };
    case 'blocked':
      if (!PERSONS.includes(by.channel) && acceptsPrograms({ status })) return PROGRAMS_NEED_PERSON;
      if (!PERSONS.includes(by.channel) && lowered !== undefined) return loweredNeedsPerson(lowered);
      return { kind: 'accepted', phase: progress.phase, resetsCounts: true };
    default:
      return status satisfies never;
  }
}

/** Whether a resume says that git may start what it has been set to start. */
export function acceptsPrograms({ status }: Pick<SessionState, 'status'>): boolean {
  return status.kind === 'blocked' && status.rule === 'git_programs_changed';
}

const PERSONS: readonly Channel[] = ['cli', 'elicitation', 'phone'];

const PROGRAMS_NEED_PERSON = refused('needs_person', {
  what: 'The session was not resumed.',
  why: 'It would accept settings or hooks by which git starts programs, and only a person does that.',
  hint: 'Show the human what it lists, and ask them to run "samocode resume" in a terminal of their own.',
});

const NOTHING = 'The session was not resumed.';

/** Before the worker has tried the guard nobody knows: an early look passes. */
function loweredNeedsPerson(level: SandboxLevel): Refused {
  return refused('needs_person', {
    what: NOTHING,
    why: `Its agents would run at the sandbox level "${level}", lower than it began with. Only a person may decide that.`,
    hint: 'Fix the guard ("samocode doctor" says how) and resume, or ask the human to run "samocode resume" in a terminal of their own.',
  });
}

function atGate(status: SessionState['status']): Refused | undefined {
  if (status.kind !== 'waiting') return undefined;
  if (status.for === 'qa_answers') {
    const hint = 'Call read_qa, then answer_qa.';
    return refused('gate_closed', { what: NOTHING, why: 'It waits for answers.', hint, isStatus: true });
  }
  if (status.for !== 'plan_approval') return undefined;
  const hint = 'Call read_plan, then approve_plan or request_changes.';
  return refused('gate_closed', { what: NOTHING, why: 'Its plan waits for a yes.', hint, isStatus: true });
}

const SESSION_RUNS = refused('already_running', {
  what: 'Nothing was changed.',
  why: 'The session runs already.',
  hint: 'Guidance for its next child goes by send_message; other work needs stop_session first.',
  isStatus: true,
});

/** While a child runs nothing takes a stop back: what opens a gate could come from the child. */
const STOPS = refused('stop_under_way', {
  what: NOTHING,
  why: 'A stop is on its way.',
  hint: 'Call wait (until: done), then resume_session.',
});

const NO_GOAL = refused('goal_missing', {
  what: NOTHING,
  why: 'It is done, and there is nothing left to go on with.',
  hint: 'Pass goal, the new work in the same session, or start another one with start_session.',
});

function notDone(status: string): Refused {
  return refused('not_done', {
    what: NOTHING,
    why: `The session is ${status}, not done.`,
    hint: 'Without a goal it goes on where it stands; a new goal is for a done session.',
  });
}
