import { earlyRefusal, gateRuleOf, readOnlyReason } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession } from '../../caller/context/find-session.ts';
import { safeGit } from '../../caller/context/session-branch.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { requireFolders } from '../../caller/refusals/require.ts';
import { watchRefusal } from '../../caller/refusals/sandbox-now.ts';
import { isOnNow } from '../../project/finding/trust.ts';
import {
  type BaseBranch,
  branchStatusOf,
  countCommits,
  findBaseBranch,
} from '../../project/finishing/base-branch.ts';
import { restoringOf } from '../../project/finishing/trash.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { unsignedCommits } from '../../project/git/unsigned-commits.ts';
import { factsForFinish, unusableWorktree } from '../../project/worktrees/inspect-worktree.ts';
import { judgeKind } from '../../session/commands/command-rows.ts';
import { isPersonal } from '../../session/events/bodies/who-acted.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { branchOfWork } from '../../session/waits/start-order.ts';
import type { FinishWay } from './finish-choices.ts';
import { FINISH_ROWS } from './finish-rows.ts';
import type { FinishReading, FinishSessionInput, FinishVerdict, WatchChoice } from './publishing.ts';

/** Judges what finishing a session would do. Changes nothing. */
export async function judgeFinish(input: FinishSessionInput, context: ActionContext): Promise<FinishVerdict> {
  const { how } = input;
  const view = await findSession({ ...input, isAct: true }, context);
  const { folder: session, worker, sessionFile, lease } = view;
  if (sessionFile?.pool && worker === 'unknowable')
    throw ACTION_ERRORS.elsewhere_in_pool({ session, host: lease?.owner.hostId });
  if (how !== 'unarchive' && !view.state.archived) requireFolders(view, { continues: false });
  const reading = await readFinishFacts(view, how, context);
  const { kind, judge, older } = FINISH_ROWS[how];
  const asked = { by: context.by, ...gateRuleOf(view), keep: input.keep };
  const verdict = judgeKind(kind, view.state) ?? judge({ view, ...reading }, asked);
  const refused = verdict.kind === 'refused' ? earlyRefusal(kind, verdict, view) : undefined;
  const moved = 'moved' in verdict ? (verdict.moved ?? []) : [];
  const needsPerson = input.withAnswers === true && !isPersonal(context.by);
  const watching = how === 'pull_request' ? await watchChoice(view, input.watch, context) : undefined;
  const isMoved = isOnlyRead(view) && worker === 'none' && older !== undefined;
  const closed = isMoved ? undefined : readOnlyReason(view);
  const refusal =
    closed ??
    (needsPerson ? ACTION_ERRORS.answers_need_person() : refused) ??
    (watching === 'on' ? await watchRefusal(view, context) : undefined);
  const isRepeated = how === 'merge' && isMergedIssue(view) && refusal?.code === 'nothing_to_merge';
  return { view, ...reading, refusal: isRepeated ? undefined : refusal, isRepeated, moved, watching };
}

/**
 * Whether to watch the pull request of a session: as chosen now or at an earlier finish, otherwise as PR_WATCH says.
 */
async function watchChoice(
  { state, sessionFile }: SessionView,
  chosen: boolean | undefined,
  { home }: Pick<ActionContext, 'home'>,
): Promise<WatchChoice> {
  const { pullRequest } = state;
  const before = pullRequest?.state === 'open' ? pullRequest.watched : undefined;
  const given = chosen ?? before;
  if (given !== undefined) return given ? 'on' : 'off';
  return await isOnNow(sessionFile?.configPath ?? '', 'PR_WATCH', home);
}

/** Nothing of it can be recorded: its folder moves, and whatever else it has stays. */
export function isOnlyRead({ otherBuild }: SessionView): boolean {
  return otherBuild?.is === 'older';
}

function isMergedIssue({ sessionFile, state }: SessionView): boolean {
  return sessionFile?.issue !== undefined && state.lastMerge?.outcome === 'merged';
}

/** Reads the facts needed to judge a way of finishing. */
async function readFinishFacts(
  view: SessionView,
  how: FinishWay,
  context: ActionContext,
): Promise<FinishReading> {
  const { paths, sessionFile, state } = view;
  const { worktree, trash } = state;
  const { reads } = FINISH_ROWS[how];
  const isRestored = how === 'unarchive';
  const git =
    reads.isGuarded || (isRestored && trash !== undefined)
      ? await safeGit(view, context)
      : { baseEnv: context.env };
  const main = sessionFile && { mainRepo: sessionFile.mainRepo, ...git };
  const hasBranch = main !== undefined && worktree !== undefined;
  const facts = await factsForFinish({
    sessionDir: paths.sessionDir,
    to: sessionPaths(paths.sessionsDir, view.folder, !isRestored).sessionDir,
    worktree: hasBranch && reads.worktree === 'files' ? { ...main, worktreePath: worktree.path } : undefined,
  });
  // A ref keeps its files, so they are not read.
  const kept = hasBranch && reads.worktree === 'use' ? await keptWorktree(main, worktree) : facts.worktree;
  const isDiscarded = isRestored && main !== undefined && trash !== undefined && worktree !== undefined;
  const restoring = isDiscarded ? await restoringOf(main, trash, worktree.path) : undefined;
  const { branch } = reads;
  const base = hasBranch && branch ? await measuredBranch(branch, view, { ...main, ...worktree }) : undefined;
  return { facts: { ...facts, worktree: kept, restoring }, base, git };
}

async function keptWorktree(main: GitContext & { mainRepo: string }, { path }: { path: string }) {
  const unusable = await unusableWorktree({ ...main, worktreePath: path });
  const present = { kind: 'present' as const, uncommitted: [], unreachedCommits: 0 };
  return { path, reading: unusable ?? present };
}

/** Measures a branch with as few questions to git as a way of finishing allows. */
async function measuredBranch(
  wanted: 'standing' | 'merge' | 'publication',
  view: SessionView,
  place: Parameters<typeof findBaseBranch>[0],
): Promise<BaseBranch> {
  if (wanted === 'publication') return await findBaseBranch(place);
  const { mainRepo, baseCommit, branch, base, baseRef, ...context } = place;
  const main = { ...context, cwd: mainRepo };
  const work = { ...branchOfWork(view), branch, base, baseRef, baseCommit };
  const standing = { sinceBase: 0, unsigned: 0, ...(await branchStatusOf(work, main)) };
  const { tip, into } = standing;
  if (tip === undefined) return standing;
  if (wanted === 'merge') return { ...standing, unsigned: await unsignedNow(view, tip, place) };
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
