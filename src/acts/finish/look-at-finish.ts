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
  judgeMerge,
  judgePullRequest,
  judgeUnarchive,
} from '../../session/commands/judge-finish.ts';
import type { Refused } from '../../session/commands/judge-kind.ts';
import { isPersonal } from '../../session/events/bodies/who-acted.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { ACTION_ERRORS } from '../common/action-errors.ts';
import type { ActionContext } from '../common/context.ts';
import { closedTo, earlyRefusal, gateChannelsOf } from '../common/early-refusal.ts';
import { findSession, type SessionQuestion } from '../common/places/find-session.ts';
import { requireFolders } from '../common/preconditions/require.ts';
import { safeGit } from '../common/session-branch.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  keep: readonly string[];
  /** pull_request: what people answered is in its text, whoever can read the repository. A person's choice. */
  withAnswers?: boolean;
  waitMs?: number;
}

/** How finishing a session is judged here; its worker judges by the same rules. */
export interface FinishLook extends FinishReading {
  view: SessionView;
  refusal?: SamocodeError | undefined;
  moved: readonly string[];
}

/** Judges what finishing a session would do. Changes nothing. @throws session_not_found, GitError, folder_gone */
export async function lookAtFinish(input: FinishSessionInput, context: ActionContext): Promise<FinishLook> {
  const { how } = input;
  const view = await findSession({ ...input, isAct: true }, context);
  if (how !== 'unarchive' && !view.state.archived) requireFolders(view, { goesOn: false });
  const reading = await readFinishFacts(view, how, context);
  const verdict = verdictOn(input, view, reading, context);
  const refused = verdict.kind === 'refused' ? earlyRefusal(verdict, view) : undefined;
  const moved = 'moved' in verdict ? (verdict.moved ?? []) : [];
  const isForPerson = input.withAnswers === true && !isPersonal(context.by.channel);
  const refusal = closedTo(view) ?? (isForPerson ? ACTION_ERRORS.answers_need_person() : refused);
  return { view, ...reading, refusal, moved };
}

function verdictOn(
  input: FinishSessionInput,
  view: SessionView,
  { facts, base }: FinishReading,
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

export interface FinishReading {
  facts: FinishFacts;
  /** Where there is a branch that the way is about. */
  base: BaseBranch | undefined;
  git: GitContext;
}

/** Reads what the judges of one way go by. @throws GitError */
async function readFinishFacts(
  view: SessionView,
  how: FinishWay,
  context: ActionContext,
): Promise<FinishReading> {
  const { paths, sessionFile, state } = view;
  const { worktree, trash } = state;
  const isBack = how === 'unarchive';
  const git = isBack && trash === undefined ? { baseEnv: context.env } : await safeGit(view, context);
  const main = sessionFile && { mainRepo: sessionFile.mainRepo, ...git };
  const hasBranch = main !== undefined && worktree !== undefined;
  const isInspected = hasBranch && (how === 'keep_branch' || how === 'discard');
  const isMeasured = hasBranch && how !== 'archive_documents' && !isBack;
  const seen = await factsForFinish({
    sessionDir: paths.sessionDir,
    to: sessionPaths(paths.sessionsDir, view.folder, !isBack).sessionDir,
    worktree: isInspected ? { ...main, worktreePath: worktree.path } : undefined,
  });
  const trashReading = isBack && trash && main ? await readTrash(main, trash) : undefined;
  const base = isMeasured ? await findBaseBranch({ ...main, ...worktree }) : undefined;
  return { facts: { ...seen, trashReading }, base, git };
}

/**
 * What becomes of a session that is over. `merge`: its branch becomes part of its base; `pull_request`: its branch is
 * published; `keep_branch`: all of it is archived, the branch stays; `archive_documents`: its documents are archived, so that it
 * can take new work; `discard`: branch and worktree go to the trash; `unarchive`: what was archived or discarded is restored.
 */
export const FINISH_WAYS = [
  'keep_branch',
  'merge',
  'pull_request',
  'archive_documents',
  'discard',
  'unarchive',
] as const;
export type FinishWay = (typeof FINISH_WAYS)[number];
