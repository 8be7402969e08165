import type { SamocodeError } from '../../base/errors.ts';
import { type BaseBranch, findBaseBranch } from '../../project/finishing/base-branch.ts';
import { readTrash } from '../../project/finishing/trash.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { factsForFinish } from '../../project/worktrees/inspect-worktree.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import {
  type FinishFacts,
  judgeArchive,
  judgeDiscard,
  judgeUnarchive,
} from '../../session/commands/judge-finish.ts';
import { judgeMerge, judgePullRequest } from '../../session/commands/judge-merge.ts';
import type { Refused } from '../../session/commands/refused.ts';
import type { Places } from '../../session/events/bodies/places.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { closedTo } from '../acting/closed-to.ts';
import type { ActionContext } from '../acting/context.ts';
import { earlyRefusal, gateChannelsOf } from '../acting/early-refusal.ts';
import { safeGit } from '../acting/safe-git.ts';
import { findSessionAndPlace, type SessionQuestion } from '../places/find-session.ts';
import { placesNow, withPlacesOf } from '../sessions/places-now.ts';
import type { FinishWay } from './finish-ways.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  /** Documents that stay, with `archive_documents`. */
  keep: readonly string[];
  /** How long the end of a merge is waited for. */
  waitMs?: number;
}

/** How finishing a session is judged here; its worker judges by the same rules. */
export interface FinishLook {
  view: SessionView;
  places: Places | undefined;
  facts: FinishFacts;
  /** With `merge`, `pull_request` and `discard`, where there is a branch. */
  base: BaseBranch | undefined;
  git: GitContext;
  refusal?: SamocodeError | undefined;
  /** The documents that would go. */
  moved: readonly string[];
}

/** Judges what finishing a session would do. Changes nothing. @throws session_not_found, GitError; what `placesNow` throws */
export async function lookAtFinish(input: FinishSessionInput, context: ActionContext): Promise<FinishLook> {
  const { view: found, place } = await findSessionAndPlace(input, context);
  const { state } = found;
  const { how } = input;
  const isBack = how === 'unarchive';
  const places = isBack || state.archived ? undefined : await placesNow(found, place, context);
  const view = withPlacesOf(found, places);
  const mainRepo = view.sessionFile?.mainRepo;
  const { worktree, trash } = state;
  const git = isBack && trash === undefined ? { baseEnv: context.env } : await safeGit(view, context);
  // What was moved is judged by the worker, once git knows its new place.
  const isInspected = places === undefined && (how === 'keep_branch' || how === 'discard');
  const seen = await factsForFinish({
    sessionDir: view.paths.sessionDir,
    to: sessionPaths(view.paths.sessionsDir, view.folder, !isBack).sessionDir,
    worktree:
      isInspected && mainRepo !== undefined && worktree !== undefined
        ? { mainRepo, worktreePath: worktree.path, ...git }
        : undefined,
  });
  const trashReading =
    isBack && trash && mainRepo !== undefined ? await readTrash({ mainRepo, ...git }, trash) : undefined;
  const facts: FinishFacts = { ...seen, trashReading };
  const isOnBranch = how === 'merge' || how === 'pull_request' || how === 'discard';
  const base =
    isOnBranch && places === undefined && mainRepo !== undefined && worktree !== undefined
      ? await findBaseBranch({ mainRepo, ...worktree, ...git })
      : undefined;
  const verdict = verdictOn(input, { view, facts, base }, context);
  const refused = verdict.kind === 'refused' ? earlyRefusal(verdict, view) : undefined;
  const moved = 'moved' in verdict ? (verdict.moved ?? []) : [];
  return { view, places, facts, base, git, refusal: closedTo(view) ?? refused, moved };
}

function verdictOn(
  input: FinishSessionInput,
  { view, facts, base }: Pick<FinishLook, 'view' | 'facts' | 'base'>,
  { by }: ActionContext,
): { kind: 'accepted'; moved?: string[] } | Refused {
  const { state } = view;
  const asked = { by, gateChannels: gateChannelsOf(view) };
  const { how } = input;
  switch (how) {
    case 'unarchive':
      return judgeUnarchive(state, facts);
    case 'keep_branch':
    case 'archive_documents':
      return judgeArchive(archiveRequest(input), state, facts);
    case 'discard':
      return judgeDiscard(asked, state, facts);
    case 'merge':
      return judgeMerge(asked, state, base ?? { into: undefined, ahead: 0 });
    case 'pull_request':
      return judgePullRequest(asked, state, base ?? { sinceBase: 0 });
    default:
      return how satisfies never;
  }
}

export function archiveRequest({
  how,
  keep,
}: FinishSessionInput): Pick<CommandOf<'archive'>, 'what' | 'keep'> {
  return { what: how === 'keep_branch' ? 'session' : 'documents', keep: [...keep] };
}
