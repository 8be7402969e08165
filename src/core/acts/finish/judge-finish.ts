import { closedTo, earlyRefusal, gateRuleOf } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { safeGit } from '../../caller/context/session-branch.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { requireFolders } from '../../caller/refusals/require.ts';
import { watchRefusal } from '../../caller/refusals/sandbox-now.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import {
  type BaseBranch,
  countCommits,
  findBaseBranch,
  type Standing,
  standingOf,
} from '../../project/finishing/base-branch.ts';
import { restoringOf } from '../../project/finishing/trash.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { unsignedCommits } from '../../project/git/unsigned-commits.ts';
import { factsForFinish, unusableWorktree } from '../../project/worktrees/inspect-worktree.ts';
import { judgeKind } from '../../session/commands/command-rows.ts';
import type { Command, CommandOf } from '../../session/commands/commands.ts';
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
import type { SessionView } from '../../session/folder/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { branchOfWork } from '../../session/waits/start-order.ts';
import { watchChoice } from './is-watched.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  keep: readonly string[];
  /**
   * For `pull_request`: include people's answers in its text, even if the repository is public. Only a person may
   * choose this.
   */
  withAnswers?: boolean;
  /**
   * For `pull_request`: whether the supervisor watches it until it is merged or closed. Default: the choice at an
   * earlier finish, otherwise PR_WATCH.
   */
  watch?: boolean;
  waitMs?: number;
}

/** @property shown the hash of the preview that was agreed to; without it, nothing is done */
export interface ConfirmedFinish extends FinishSessionInput {
  shown: string | undefined;
}

/** The verdict on finishing a session before a command is sent; the worker applies the same rules. */
export interface FinishVerdict extends FinishReading {
  view: SessionView;
  refusal?: SamocodeError | undefined;
  /** It is merged already, and only the comment on its issue is written again, since that may have failed. */
  isRepeated: boolean;
  moved: readonly string[];
}

/** Judges what finishing a session would do. Changes nothing. */
export async function judgeFinish(input: FinishSessionInput, context: ActionContext): Promise<FinishVerdict> {
  const { how } = input;
  const view = await findSession({ ...input, isAct: true }, context);
  const { folder: session, worker, sessionFile, lease } = view;
  if (sessionFile?.pool && worker === 'unknowable')
    throw ACTION_ERRORS.elsewhere_in_pool({ session, host: lease?.owner.hostId });
  if (how !== 'unarchive' && !view.state.archived) requireFolders(view, { continues: false });
  const reading = await readFinishFacts(view, how, context);
  const verdict = verdictOn(input, view, reading, context);
  const refused = verdict.kind === 'refused' ? earlyRefusal(KINDS[how], verdict, view) : undefined;
  const moved = 'moved' in verdict ? (verdict.moved ?? []) : [];
  const needsPerson = input.withAnswers === true && !isPersonal(context.by);
  const isWatched = how === 'pull_request' && (await watchChoice(view, input.watch, context)) === 'on';
  const isMoved = isOnlyRead(view) && worker === 'none' && MOVES.includes(how);
  const closed = isMoved ? undefined : closedTo(view);
  const refusal =
    closed ??
    (needsPerson ? ACTION_ERRORS.answers_need_person() : refused) ??
    (isWatched ? await watchRefusal(view, context) : undefined);
  const isRepeated = how === 'merge' && isMergedIssue(view) && refusal?.code === 'nothing_to_merge';
  return { view, ...reading, refusal: isRepeated ? undefined : refusal, isRepeated, moved };
}

/** Nothing of it can be recorded: its folder moves, and whatever else it has stays. */
export function isOnlyRead({ otherBuild }: SessionView): boolean {
  return otherBuild?.is === 'older';
}

const MOVES: readonly FinishWay[] = ['keep_branch', 'unarchive'];

/** The command that finishes a session in each way. */
const KINDS: Record<FinishWay, Command['kind']> = {
  keep_branch: 'archive',
  merge: 'merge',
  pull_request: 'publish',
  archive_documents: 'archive',
  discard: 'discard',
  unarchive: 'unarchive',
};

function isMergedIssue({ sessionFile, state }: SessionView): boolean {
  return sessionFile?.issue !== undefined && state.lastMerge?.outcome === 'merged';
}

function verdictOn(
  input: FinishSessionInput,
  view: SessionView,
  { facts, base }: FinishReading,
  { by }: ActionContext,
): { kind: 'accepted'; moved?: string[] } | Refused {
  const { state } = view;
  const asked = { by, ...gateRuleOf(view) };
  const { how } = input;
  const closed = judgeKind(KINDS[how], state);
  if (closed) return closed;
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
  /** Present if the session has a branch and this way of finishing concerns it. */
  base: MeasuredBranch | undefined;
  git: GitContext;
}

/** A branch as one way of finishing has to know it; the other numbers are 0. */
type MeasuredBranch = BaseBranch & Partial<Standing>;

/** Reads the facts needed to judge a way of finishing. */
async function readFinishFacts(
  view: SessionView,
  how: FinishWay,
  context: ActionContext,
): Promise<FinishReading> {
  const { paths, sessionFile, state } = view;
  const { worktree, trash } = state;
  const isRestored = how === 'unarchive';
  // The other ways start no git that reads files of the worktree.
  const isGuarded = how === 'keep_branch' || how === 'pull_request' || (isRestored && trash !== undefined);
  const git = isGuarded ? await safeGit(view, context) : { baseEnv: context.env };
  const main = sessionFile && { mainRepo: sessionFile.mainRepo, ...git };
  const hasBranch = main !== undefined && worktree !== undefined;
  const isMeasured = hasBranch && how !== 'archive_documents' && !isRestored;
  const facts = await factsForFinish({
    sessionDir: paths.sessionDir,
    to: sessionPaths(paths.sessionsDir, view.folder, !isRestored).sessionDir,
    worktree: hasBranch && how === 'keep_branch' ? { ...main, worktreePath: worktree.path } : undefined,
  });
  // A ref keeps its files, so they are not read.
  const kept = hasBranch && how === 'discard' ? await keptWorktree(main, worktree) : facts.worktree;
  const isDiscarded = isRestored && main !== undefined && trash !== undefined && worktree !== undefined;
  const restoring = isDiscarded ? await restoringOf(main, trash, worktree.path) : undefined;
  const base = isMeasured ? await measuredBranch(how, view, { ...main, ...worktree }) : undefined;
  return { facts: { ...facts, worktree: kept, restoring }, base, git };
}

async function keptWorktree(main: GitContext & { mainRepo: string }, { path }: { path: string }) {
  const unusable = await unusableWorktree({ ...main, worktreePath: path });
  const present = { kind: 'present' as const, uncommitted: [], unreachedCommits: 0 };
  return { path, reading: unusable ?? present };
}

/** Measures a branch with as few questions to git as a way of finishing allows. */
async function measuredBranch(
  how: FinishWay,
  view: SessionView,
  place: Parameters<typeof findBaseBranch>[0],
): Promise<MeasuredBranch> {
  if (how === 'pull_request') return await findBaseBranch(place);
  const { mainRepo, baseCommit, branch, base, baseRef, ...context } = place;
  const main = { ...context, cwd: mainRepo };
  const work = { ...branchOfWork(view), branch, base, baseRef, baseCommit };
  const standing = { sinceBase: 0, unsigned: 0, ...(await standingOf(work, main)) };
  const { tip, into } = standing;
  if (tip === undefined) return standing;
  if (how === 'merge') return { ...standing, unsigned: await unsignedNow(view, tip, place) };
  return into === undefined
    ? { ...standing, sinceBase: await countCommits(baseCommit, tip, main) }
    : standing;
}

/** The number of unsigned commits as the checks of the same commit recorded it; otherwise git is asked. */
async function unsignedNow(
  { paths }: SessionView,
  tip: string,
  { mainRepo, baseCommit: since, ...context }: Parameters<typeof findBaseBranch>[0],
): Promise<number> {
  const events = await readEvents(paths, 0);
  const proof = events.findLast((event) => event.type === 'checks_ran' && event.set === 'full');
  if (proof?.type === 'checks_ran' && proof.commit === tip) return proof.unsigned ?? 0;
  return await unsignedCommits({ mainRepo, since, tip }, context);
}

/**
 * The ways to finish a session. `merge`: merge its branch into its base; `pull_request`: publish its branch;
 * `keep_branch`: archive the session and keep its branch; `archive_documents`: archive its documents, so that it can take
 * new work; `discard`: delete branch and worktree, which a ref keeps; `unarchive`: restore what was archived.
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
