import type { By, Channel } from '../events/bodies/who-acted.ts';
import type { SessionState } from '../events/state.ts';
import { closedChannel } from './closed-channel.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import { judgeKind, unlessAtRest } from './judge-kind.ts';
import { type Refused, refused, refusedForStatus } from './refused.ts';

export interface MergeFacts {
  /** The local branch that would take the work; absent where no such branch exists. */
  into: string | undefined;
  /** Commits that it lacks. */
  ahead: number;
}

export type MergeVerdict = { kind: 'accepted'; into: string } | Refused;

type Asked = { by: By; gateChannels: readonly Channel[] };

/** Whether a session's branch may be merged: it moves the person's own branch, as an approval would. */
export function judgeMerge(
  { by, gateChannels }: Asked,
  state: Pick<SessionState, 'status' | 'archived' | 'rewind' | 'merge' | 'worktree'>,
  { into, ahead }: MergeFacts,
): MergeVerdict {
  const closed = judgeKind('merge', state) ?? closedChannel(by, gateChannels, 'Nothing was merged.');
  if (closed) return closed;
  if (state.status.kind !== 'done')
    return refusedForStatus(COMMAND_ERRORS.not_done_yet({ status: state.status.kind }));
  if (state.worktree === undefined) return refused(COMMAND_ERRORS.nothing_to_merge({ into: 'any branch' }));
  const { base } = state.worktree;
  if (into === undefined) return refused(COMMAND_ERRORS.no_base_branch({ base }));
  if (ahead === 0) return refused(COMMAND_ERRORS.nothing_to_merge({ into }));
  return { kind: 'accepted', into };
}

/** Whether a session may be published as a pull request. */
export function judgePullRequest(
  { by, gateChannels }: Asked,
  state: Pick<SessionState, 'status' | 'archived' | 'rewind' | 'merge' | 'worktree'>,
  { sinceBase }: { sinceBase: number },
): { kind: 'accepted' } | Refused {
  const byChannel = () => closedChannel(by, gateChannels, 'Nothing was published.');
  const closed = judgeKind('merge', state) ?? byChannel() ?? unlessAtRest(state);
  if (closed) return closed;
  const into = state.worktree?.base ?? 'any branch';
  return sinceBase === 0 ? refused(COMMAND_ERRORS.nothing_to_merge({ into })) : { kind: 'accepted' };
}
