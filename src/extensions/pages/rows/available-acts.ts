import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import { refusalNow } from '../../../core/caller/commands/early-refusal.ts';
import type { SamocodeError } from '../../../core/kernel/errors.ts';
import type { Command } from '../../../core/session/commands/commands.ts';
import type { Channel } from '../../../core/session/events/bodies/who-acted.ts';

/** What a person can do with a session, some of it only on one of the faces. */
export type SessionAct =
  | 'answer'
  | 'message'
  | 'stop'
  | 'resume'
  | 'finish'
  | 'output'
  | 'log'
  | 'diff'
  | 'report'
  | 'verify'
  | 'edit'
  | 'page';

/** The commands of an action, for those that ask something of the session. */
const SENDS: Partial<Record<SessionAct, readonly Command['kind'][]>> = {
  answer: ['answer', 'approve', 'request_changes'],
  message: ['message'],
  stop: ['stop'],
  resume: ['resume'],
  finish: ['archive', 'merge', 'publish', 'discard'],
};

type Offered = Pick<ShownSession, 'view' | 'worker'>;

/** Whether an action applies to a session now; otherwise its key is hidden and has no effect. */
export function canAct(act: SessionAct, session: Offered, channel: Channel): boolean {
  const { status, archived, worktree, progress } = session.view.state;
  switch (act) {
    case 'verify':
      return status.kind === 'done';
    case 'edit':
      return !archived && worktree !== undefined;
    case 'output':
      return progress.totalIterations > 0;
    default:
      return refusalOf(act, session, channel) === undefined;
  }
}

/** Why the session refuses what an action would send; undefined if it takes that, or if nothing is sent. */
export function refusalOf(
  act: SessionAct,
  { view, worker }: Offered,
  channel: Channel,
): SamocodeError | undefined {
  // It starts the worker that is missing.
  if (act === 'resume' && worker === 'gone') return undefined;
  const refusals = (SENDS[act] ?? []).map((kind) => refusalNow(kind, view, { by: { channel } }));
  return refusals.every((refusal) => refusal !== undefined) ? refusals[0] : undefined;
}
