import type { CommandOf } from '../commands.ts';
import { parseDocumentName } from '../documents.ts';
import { oneLine } from '../markdown-lines.ts';
import type { SessionState } from '../state.ts';
import { judgeKind } from './judge-kind.ts';
import { type Refused, refused } from './refused.ts';

export interface FinishFacts {
  /** What is in the session folder. */
  names: readonly string[];
  /** Something exists where the session folder would go. */
  isTaken: boolean;
  /** Absent where there is none, or where it cannot be inspected yet. */
  worktree?: { path: string; reading: WorktreeReading } | undefined;
}

/** What is, or was, at the place of a worktree. */
type WorktreeReading =
  | { kind: 'missing' | 'absent' | 'removed' }
  | { kind: 'foreign'; problem: string }
  | {
      kind: 'present' | 'would_lose';
      uncommitted: ReadonlyArray<{ path: string; kind: string }>;
      unreachedCommits: number;
    };

/** `moved`: the documents that go, with `what: documents`. */
export type ArchiveVerdict = { kind: 'accepted'; moved: string[] } | Refused;

/** Whether a session, or its documents, may go into the archive: no work may be lost by it. */
export function judgeArchive(
  { what, keep }: Pick<CommandOf<'archive'>, 'what' | 'keep'>,
  state: Pick<SessionState, 'status' | 'archived' | 'rewind'>,
  { names, isTaken, worktree }: FinishFacts,
): ArchiveVerdict {
  const closed = judgeKind('archive', state);
  if (closed) return closed;
  const { kind } = state.status;
  if (kind !== 'done' && kind !== 'stopped' && kind !== 'blocked') return notAtRest(kind);
  if (what === 'documents') return judgeDocuments(names, keep);
  if (isTaken) return TAKEN;
  return (worktree && worktreeStays(worktree)) ?? { kind: 'accepted', moved: [] };
}

export function judgeUnarchive(
  { archived }: Pick<SessionState, 'archived'>,
  { isTaken }: Pick<FinishFacts, 'isTaken'>,
): { kind: 'accepted' } | Refused {
  if (!archived) return NOT_ARCHIVED;
  return isTaken ? TAKEN : { kind: 'accepted' };
}

/** Why a worktree may not be removed; undefined: it may, or it is gone. */
export function worktreeStays({ path, reading }: FinishFacts['worktree'] & {}): Refused | undefined {
  if (reading.kind === 'foreign') {
    const why = `At ${path} is no worktree of this repository: ${reading.problem}`;
    return refused('worktree_foreign', {
      what: NOTHING,
      why,
      hint: 'Look at what it is, move it away, then try again.',
    });
  }
  if (reading.kind !== 'present' && reading.kind !== 'would_lose') return undefined;
  const { uncommitted, unreachedCommits } = reading;
  if (uncommitted.length === 0 && unreachedCommits === 0) return undefined;
  const files = namedShort(uncommitted.map((entry) => entry.path));
  const isHidden = uncommitted.some((entry) => entry.kind === 'hidden');
  return refused('would_lose_work', {
    what: NOTHING,
    why: [
      ...(uncommitted.length > 0 ? [`Changes in ${path} are not committed: ${files}.`] : []),
      ...(unreachedCommits > 0 ? [`Commits there that are on no branch: ${unreachedCommits}.`] : []),
    ].join(' '),
    hint: `Commit or remove them, then try again.${isHidden ? ` ${UNHIDE}` : ''}`,
  });
}

function judgeDocuments(names: readonly string[], keep: readonly string[]): ArchiveVerdict {
  const documents = names.filter((name) => parseDocumentName(name) !== undefined);
  const unknown = keep.filter((name) => !documents.includes(name));
  if (unknown.length > 0) {
    const hint = `Documents here: ${documents.join(', ') || 'none'}.`;
    return refused('unknown_document', {
      what: NOTHING,
      why: `There is no document ${namedShort(unknown)}.`,
      hint,
    });
  }
  const moved = documents.filter((name) => !keep.includes(name));
  if (moved.length > 0) return { kind: 'accepted', moved };
  const why =
    documents.length === 0 ? 'The session has no documents.' : 'Every document is one of those to keep.';
  return refused('nothing_to_archive', { what: NOTHING, why, hint: 'Keep fewer of them.' });
}

/** Agents name files as they like. */
export function namedShort(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names
    .slice(0, MOST_NAMED)
    .map((name) => oneLine(name).slice(0, 120))
    .join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

const MOST_NAMED = 20;
const NOTHING = 'Nothing was moved.';

const UNHIDE =
  'git ignores changes to some of them: "git update-index --no-assume-unchanged --no-skip-worktree <file>" ends that.';

function notAtRest(status: string): Refused {
  const hint = 'Stop it first with stop_session.';
  return refused('not_at_rest', { what: NOTHING, why: `The session is ${status}.`, hint, isStatus: true });
}

const NOT_ARCHIVED = refused('not_archived', {
  what: NOTHING,
  why: 'The session is not in the archive.',
  hint: 'There is nothing to bring back.',
});

const TAKEN = refused('folder_taken', {
  what: NOTHING,
  why: 'Another folder exists where its folder would go.',
  hint: 'Move that one away, then try again.',
});
