import { listed } from '../../kernel/text.ts';
import { parseDocumentName } from '../documents/documents.ts';
import { oneLine } from '../documents/markdown-lines.ts';
import type { By } from '../events/bodies/who-acted.ts';
import { isSamePullRequest } from '../events/pull-request-change.ts';
import { newestRound } from '../events/rounds.ts';
import type { SessionState } from '../events/state.ts';
import { COMMAND_ERRORS } from './command-errors.ts';
import type { CommandOf } from './commands.ts';
import {
  channelRefusal,
  type GateRule,
  type Refused,
  refused,
  refusedForStatus,
  refuseUnlessAtRest,
  type SentBy,
} from './refused.ts';

export interface FinishFacts {
  names: readonly string[];
  /** Another file or folder already has the target path of the session folder. */
  isTaken: boolean;
  /** For a discarded session: whether its branch is back, and the commands that restore it; none if that is impossible. */
  restoring?: { isBack: boolean; commands: readonly string[] } | undefined;
  /** Absent if there is none, or if it cannot be inspected yet. */
  worktree?: { path: string; reading: WorktreeReading } | undefined;
}

type WorktreeReading =
  | { kind: 'missing' | 'absent' | 'removed' }
  | { kind: 'foreign'; problem: string }
  | {
      kind: 'present' | 'would_lose';
      uncommitted: ReadonlyArray<{ path: string; kind: string; from?: string }>;
      /** What programs of the project wrote there, and no commit has. */
      found?: readonly string[];
      unreachedCommits: number;
    };

/** @param shown the commit of the branch as the user was shown it; @param tip the one now; both empty without a branch */
export function judgeShown(shown: string | undefined, tip: string): Refused | undefined {
  if (shown === undefined) return refused(COMMAND_ERRORS.shown_unknown());
  return shown === tip ? undefined : refused(COMMAND_ERRORS.branch_moved());
}

type Asked = { by: By } & GateRule;
type ArchiveVerdict = { kind: 'accepted'; moved: string[] } | Refused;

/** Whether a session, or its documents, may be archived without losing work. */
export function judgeArchive(
  { what, keep }: Pick<CommandOf<'archive'>, 'what' | 'keep'>,
  state: Pick<SessionState, 'status'>,
  { names, isTaken, worktree }: FinishFacts,
): ArchiveVerdict {
  const closed = refuseUnlessAtRest(state);
  if (closed) return closed;
  if (what === 'documents') return judgeDocuments(names, keep);
  if (isTaken) return refused(COMMAND_ERRORS.folder_taken());
  return (worktree && refuseWorktreeRemoval(worktree)) ?? { kind: 'accepted', moved: [] };
}

/** Whether a session may be discarded: a ref must be able to keep all of it. */
export function judgeDiscard(
  { by, ...rule }: Asked,
  state: Pick<SessionState, 'status'>,
  { isTaken, worktree }: Pick<FinishFacts, 'isTaken' | 'worktree'>,
): { kind: 'accepted' } | Refused {
  const closed = refuseUnlessAtRestFor(state, { by, rule });
  if (closed) return closed;
  if (isTaken) return refused(COMMAND_ERRORS.folder_taken());
  if (worktree?.reading.kind !== 'foreign') return { kind: 'accepted' };
  const { path, reading } = worktree;
  return refused(COMMAND_ERRORS.worktree_foreign({ path, problem: reading.problem }));
}

/** Why this sender can neither discard it nor open a pull request for it now. */
export function refuseUnlessAtRestFor(
  state: Pick<SessionState, 'status'>,
  { by, rule }: SentBy,
): Refused | undefined {
  return channelRefusal(by, rule) ?? refuseUnlessAtRest(state);
}

/** Whether a session may leave the archive. The branch of a discarded one must be restored first, by hand. */
export function judgeUnarchive(
  { archived, trash }: Pick<SessionState, 'archived' | 'trash'>,
  { isTaken, restoring }: Pick<FinishFacts, 'isTaken' | 'restoring'>,
): { kind: 'accepted' } | Refused {
  const closed = unarchiveNow({ archived });
  if (closed) return closed;
  if (trash !== undefined && restoring?.isBack === false)
    return refused(COMMAND_ERRORS.branch_discarded({ branch: trash.branch, ...restoring }));
  return isTaken ? refused(COMMAND_ERRORS.folder_taken()) : { kind: 'accepted' };
}

export function unarchiveNow({ archived }: Pick<SessionState, 'archived'>): Refused | undefined {
  return archived ? undefined : refused(COMMAND_ERRORS.not_archived());
}

/** Returns the reason why a worktree may not be removed; undefined: it may be removed, or is already gone. */
export function refuseWorktreeRemoval({ path, reading }: FinishFacts['worktree'] & {}): Refused | undefined {
  if (reading.kind === 'foreign')
    return refused(COMMAND_ERRORS.worktree_foreign({ path, problem: reading.problem }));
  if (reading.kind !== 'present' && reading.kind !== 'would_lose') return undefined;
  const { uncommitted, unreachedCommits } = reading;
  if (uncommitted.length === 0 && unreachedCommits === 0) return undefined;
  const paths = uncommitted.map((entry) => entry.path);
  const files = paths.length === 0 ? undefined : joinNames(paths);
  const isHidden = uncommitted.some((entry) => entry.kind === 'hidden');
  return refused(COMMAND_ERRORS.would_lose_work({ path, files, commits: unreachedCommits, isHidden }));
}

function judgeDocuments(names: readonly string[], keep: readonly string[]): ArchiveVerdict {
  const documents = names.filter((name) => parseDocumentName(name) !== undefined);
  const unknown = keep.filter((name) => !documents.includes(name));
  if (unknown.length > 0)
    return refused(COMMAND_ERRORS.unknown_document({ names: joinNames(unknown), documents }));
  const moved = documents.filter((name) => !keep.includes(name));
  if (moved.length > 0) return { kind: 'accepted', moved };
  return refused(COMMAND_ERRORS.nothing_to_archive({ hasDocuments: documents.length > 0 }));
}

/** Joins names that agents may have chosen: one line, limited in number and length. */
export function joinNames(names: readonly string[]): string {
  const lines = names.map((name) => oneLine(name).slice(0, 120));
  return listed(lines, MAX_NAMED) || 'none';
}

const MAX_NAMED = 20;

/**
 * Whether a session's branch may be merged. A merge moves the user's own branch, so it needs an allowed channel, like
 * an approval.
 * @param facts `into`: the local branch to merge into
 */
export function judgeMerge(
  { by, ...rule }: Asked,
  state: Pick<SessionState, 'status' | 'worktree'>,
  { into, ahead }: { into: string | undefined; ahead: number },
): { kind: 'accepted'; into: string } | Refused {
  const closed = mergeNow(state, { by, rule });
  if (closed) return closed;
  if (state.worktree === undefined) return refused(COMMAND_ERRORS.nothing_to_merge({ into: 'its base' }));
  const { base } = state.worktree;
  if (into === undefined) return refused(COMMAND_ERRORS.no_base_branch({ base }));
  if (ahead === 0) return refused(COMMAND_ERRORS.nothing_to_merge({ into }));
  return { kind: 'accepted', into };
}

/** Why this sender cannot merge it now. */
export function mergeNow(
  { status }: Pick<SessionState, 'status'>,
  { by, rule }: SentBy,
): Refused | undefined {
  const closed = channelRefusal(by, rule);
  if (closed || status.kind === 'done') return closed;
  return refusedForStatus(COMMAND_ERRORS.not_done_yet({ isMerge: true, status: status.kind }));
}

export function judgePullRequest(
  { by, ...rule }: Asked,
  state: Pick<SessionState, 'status' | 'archived' | 'worktree'>,
  { sinceBase }: { sinceBase: number },
): { kind: 'accepted' } | Refused {
  const closed = refuseUnlessAtRestFor(state, { by, rule });
  if (closed) return closed;
  const into = state.worktree?.base ?? 'its base';
  return sinceBase === 0
    ? refused(COMMAND_ERRORS.nothing_to_merge({ into, archived: state.archived }))
    : { kind: 'accepted' };
}

/** Whether to publish: a pull request, the finished work of a round, or the result of a merge in its issue. */
export function judgePublish(
  { by, what, ...rule }: Asked & Pick<CommandOf<'publish'>, 'what'>,
  state: SessionState,
  { sinceBase }: { sinceBase: number },
): { kind: 'accepted' } | Refused {
  // Watching it requires the same channel as publishing it.
  if (what === 'pull_request') return judgePullRequest({ by, ...rule }, state, { sinceBase });
  // The supervisor publishes rounds, with the consent that the person gave at finish.
  const closed = by.channel === 'settings' ? undefined : channelRefusal(by, rule);
  if (closed) return closed;
  if (what === 'issue')
    return state.lastMerge?.outcome === 'merged'
      ? { kind: 'accepted' }
      : refused(COMMAND_ERRORS.not_merged_yet());
  if (state.status.kind !== 'done')
    return refusedForStatus(COMMAND_ERRORS.not_done_yet({ status: state.status.kind }));
  return state.pullRequest?.state === 'open' && newestRound(state) !== undefined
    ? { kind: 'accepted' }
    : refused(COMMAND_ERRORS.no_pull_request());
}

/** Whether this change may be recorded: watching the pull request requires an allowed channel, like an approval. */
export function judgeWatch(
  { by, ...rule }: Asked,
  { pullRequest }: Pick<SessionState, 'pullRequest'>,
  command: Pick<CommandOf<'pull_request'>, 'repository' | 'number' | 'change'>,
): { kind: 'accepted' } | Refused {
  const isWatched = isSamePullRequest(pullRequest, command) && pullRequest.watched;
  const isBegun = command.change.watched && !isWatched;
  const closed = isBegun ? channelRefusal(by, rule) : undefined;
  return closed ?? { kind: 'accepted' };
}
