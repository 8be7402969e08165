import { endNow } from '../events/open-work.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { Command } from './commands.ts';
import { mergeNow, refuseUnlessAtRestFor, unarchiveNow } from './judge-finish.ts';
import { answerNow, planWait, waitForChanges } from './judge-gates.ts';
import { rewindNow } from './judge-rewind.ts';
import { roundNow } from './judge-round.ts';
import { judgeStop, messageNow, resumeNow } from './judge-running.ts';
import { type Refused, refused, refusedForStatus, refuseUnlessAtRest, type SentBy } from './refused.ts';

type Kind = Command['kind'];

/** While an agent runs, a command could come from it: then only those are taken that open no gate. */
type Moment = 'agent_runs' | 'archived' | 'half_rewound';

/** A kind of command. What it contains is a row of `Command`, what is done for it a row of the worker's handlers. */
interface CommandRow {
  /** What a refused command did not do: the first sentence of its refusal, whatever the reason is. */
  notDone: string;
  /** The moments, of those at which most kinds are refused, at which it is taken. */
  takenWhen?: readonly Moment[];
  /** Why the session refuses it now, whatever it contains; a part of its judge. Absent: what it contains decides. */
  now?(state: SessionState, sender: SentBy): Refused | undefined;
}

export const COMMAND_ROWS: Readonly<Record<Kind, CommandRow>> = {
  start: {
    notDone: 'No session was started.',
    now: ({ createdAt }) => (createdAt === undefined ? undefined : refused(COMMAND_ERRORS.already_started())),
  },
  answer: { notDone: 'No answer was recorded.', now: answerNow },
  approve: {
    notDone: 'The plan was not approved.',
    now: (state, sender) => refusalIn(planWait(state, sender)),
  },
  request_changes: {
    notDone: 'The plan was not sent back.',
    now: (state, sender) => refusalIn(waitForChanges(state, sender)),
  },
  message: {
    notDone: 'The message was not stored.',
    takenWhen: ['agent_runs', 'half_rewound'],
    now: messageNow,
  },
  withdraw_message: {
    notDone: 'No message was withdrawn.',
    takenWhen: ['agent_runs', 'half_rewound'],
    now: ({ messages: { waiting: unread } }) =>
      unread.length > 0 ? undefined : refused(COMMAND_ERRORS.message_unknown({ unread })),
  },
  stop: {
    notDone: 'Nothing was stopped.',
    takenWhen: ['agent_runs'],
    now: (state) => refusalIn(judgeStop(state)),
  },
  resume: { notDone: 'The session was not resumed.', takenWhen: ['half_rewound'], now: resumeNow },
  archive: { notDone: 'Nothing was moved.', now: refuseUnlessAtRest },
  unarchive: { notDone: 'Nothing was moved.', takenWhen: ['archived'], now: unarchiveNow },
  merge: { notDone: 'Nothing was merged.', now: mergeNow },
  publish: {
    notDone: 'Nothing was published.',
    takenWhen: ['archived'],
    // The supervisor publishes rounds, with the consent that the person gave at finish.
    now: (state, sender) =>
      isBySettings(sender) ? refuseUnlessAtRest(state) : refuseUnlessAtRestFor(state, sender),
  },
  pull_request: { notDone: 'The pull request is not watched.' },
  round: {
    notDone: 'No round was begun.',
    now: (state, sender) => roundNow(state, isBySettings(sender) ? { by: sender.by } : sender),
  },
  services: { notDone: 'No service was started or stopped.' },
  discard: { notDone: 'Nothing was discarded.', now: refuseUnlessAtRestFor },
  rewind: { notDone: 'The session was not rewound.', takenWhen: ['half_rewound'], now: rewindNow },
};

function refusalIn(verdict: { kind: string } | Refused): Refused | undefined {
  return 'error' in verdict ? verdict : undefined;
}

function isBySettings({ by }: SentBy): boolean {
  return by.channel === 'settings';
}

/**
 * Why the session refuses every command of this kind from this sender now; undefined: what it contains decides. No
 * replacement for the judge of the kind, which also knows what the command contains and what git and the disk say.
 */
export function canSend(kind: Kind, state: SessionState, sender: SentBy): Refused | undefined {
  return judgeKind(kind, state) ?? COMMAND_ROWS[kind].now?.(state, sender);
}

/** The same, whoever sends it, at a moment at which most kinds are refused. */
export function judgeKind(
  kind: Kind,
  { archived, work }: Pick<SessionState, 'archived' | 'work'>,
  moment: 'no_agent' | 'agent_runs' = 'no_agent',
): Refused | undefined {
  const { takenWhen = [] } = COMMAND_ROWS[kind];
  const busyWith = endNow({ work });
  // A second request for the same publication is part of the first.
  if (busyWith === 'publish' && kind === 'publish') return undefined;
  if (busyWith !== undefined && kind !== 'stop') return refused(COMMAND_ERRORS.busy({ with: busyWith }));
  if (moment === 'agent_runs' && !takenWhen.includes('agent_runs'))
    return refused(COMMAND_ERRORS.child_runs({ wanted: 'other' }));
  if (archived && !takenWhen.includes('archived')) return refusedForStatus(COMMAND_ERRORS.archived());
  if (work?.kind === 'rewind' && work.isHalfway && !takenWhen.includes('half_rewound'))
    return refused(COMMAND_ERRORS.rewind_halfway());
  return undefined;
}
