import { rmSync } from 'node:fs';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { type GitOptions, gitLine, runGit } from '../../../core/project/git/git.ts';
import { configuredPushRemote, defaultRemote, remotesOf } from '../../../core/project/git/remotes.ts';
import { commitOf, isAncestor } from '../../../core/project/git/repository.ts';
import { valuesOf } from '../../../core/project/settings/settings.ts';
import { hasNothingPending } from '../../../core/session/events/rest.ts';
import { readSession } from '../../../core/session/folder/read-session.ts';
import { readAllSessions } from '../../../core/session/folder/session-list.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { Board, Oid } from '../board/board.ts';
import { POOL_REFS, sessionRef } from '../board/git-remote.ts';
import type { MemberLists } from '../members/member-list.ts';
import { POOL_ROWS } from '../settings.ts';
import { clearRemovedCopies, isEditedCopy, removeCopy } from '../states/copies.ts';
import { type OwnershipRecord, readOwnership } from '../states/ownership-record.ts';
import { verifyByMember } from '../states/pool-states.ts';
import { type CopyMark, readCopyMark } from '../states/restore-state.ts';
import type { MemberParts } from './member-parts.ts';
import { postgresBoard } from './open-member.ts';
import { membershipOf, poolAt, REMOTE_LIMIT_MS, requirePerson } from './require-membership.ts';
import { type PoolEnding, prunableView } from './retention.ts';

export interface PruneParts extends Pick<MemberParts, 'remote' | 'clock' | 'host' | 'poolDays'> {
  board: Pick<Board, 'forget'>;
  lists: Pick<MemberLists, 'kept'>;
  git: GitOptions;
}

export interface PrunedSession {
  session: string;
  /** `session`: this machine has it, and it leaves the pool; `copy`: another machine had it. */
  what: 'session' | 'copy';
  ending: PoolEnding;
}

/** A session that ended long enough ago, and why it stays. */
export interface KeptSession {
  session: string;
  why: string;
}

export interface PruneReport {
  days: number;
  pruned: PrunedSession[];
  kept: KeptSession[];
}

/** The refs on the remote; those of removed sessions are taken out. */
type Refs = Map<string, Oid>;

interface Found extends Pick<PrunedSession, 'what' | 'ending'> {
  /** Why it stays. */
  why?: string;
  /** @returns why it stays, if it does */
  remove(): Promise<string | undefined>;
}

const ACT_REFS = `${POOL_REFS}acts/`;

/** Does now, or with `dryRun` only lists, what each machine of a pool does once a day. */
export async function prunePool(
  { dryRun, ...question }: ProjectQuestion & { dryRun: boolean },
  context: ActionContext,
): Promise<PruneReport> {
  if (!dryRun) await requirePerson(context);
  const { membership, project } = await membershipOf(question, context);
  const { database } = membership;
  const { sessions } = project.values;
  const { poolDays } = valuesOf(POOL_ROWS, project.values);
  const board =
    database === undefined || dryRun ? NO_BOARD : await postgresBoard(database, { clock: context.clock });
  try {
    const { remote, git, lists } = poolAt(membership, project, context);
    const { clock, host } = context;
    const views = await readAllSessions(sessions, host);
    return await pruneSessions(views, { remote, git, lists, clock, host, board, poolDays }, { dryRun });
  } finally {
    await board[Symbol.asyncDispose]();
  }
}

/** Without a database, a session is on the remote alone. */
const NO_BOARD = {
  forget: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

/**
 * Removes sessions that ended long ago: from remote and board if this machine has them, and otherwise their copies
 * here. The files of the machine that has a session stay. Safe to repeat after an interruption at any point.
 * @throws if the remote cannot be read; then nothing was removed
 */
export async function pruneSessions(
  views: readonly SessionView[],
  parts: PruneParts,
  { dryRun }: { dryRun: boolean },
): Promise<PruneReport> {
  const copies = await localRefs(parts.git);
  const refs = new Map(await parts.remote.list(sessionRef('*'), `${ACT_REFS}*`));
  // What another machine publishes in the meantime is in neither list.
  const known = new Set([...copies, ...refs.keys()]);
  const report: PruneReport = { days: parts.poolDays, pruned: [], kept: [] };
  for (const view of views) {
    const session = view.folder;
    try {
      const found = await findOne(view, refs, parts);
      if (found === undefined) continue;
      const { what, ending, why = dryRun ? undefined : await found.remove() } = found;
      if (why === undefined) report.pruned.push({ session, what, ending });
      else report.kept.push({ session, why });
    } catch (error) {
      // A full disk, for example, must not keep the others.
      report.kept.push({
        session,
        why: isSamocodeError(error) ? `${error.what} ${error.why}` : String(error),
      });
    }
  }
  if (!dryRun) {
    for (const sessionsDir of new Set(views.map(({ paths }) => paths.sessionsDir)))
      await clearRemovedCopies(sessionsDir);
    await dropLocalRefs(
      [...known].filter((ref) => !refs.has(ref)),
      parts.git,
    );
  }
  return report;
}

/** @returns undefined if the session has left the pool already, or is not this machine's to remove */
async function findOne(old: SessionView, refs: Refs, parts: PruneParts): Promise<Found | undefined> {
  const retention = { nowMs: parts.clock.now(), days: parts.poolDays };
  if (old.sessionFile?.pool !== true || prunableView(old, retention) === undefined) return undefined;
  // It may have been continued since the list was read.
  const view = await readSession(old.paths, parts.host);
  if (view === undefined || view.pendingCommands.length > 0) return undefined;
  const ending = prunableView(view, retention);
  if (ending === undefined) return undefined;
  const copy = await readCopyMark(view.paths);
  const record = readOwnership(view.paths);
  if (copy !== undefined) return findCopy(view, copy, { ending, refs });
  return record && (await findOwn(view, record, { ending, refs, parts }));
}

function findCopy(
  { worker, paths, sessionFile }: SessionView,
  copy: CopyMark,
  { ending, refs }: { ending: PoolEnding; refs: Refs },
): Found | undefined {
  const ref = sessionRef(sessionFile?.id ?? '');
  const tip = refs.get(ref);
  // If its ref is there, only the newest state says that the session is over.
  if (worker !== 'unknowable' || copy.unfinished || (tip !== undefined && tip !== copy.commit))
    return undefined;
  const why = isEditedCopy(paths, copy) ? `Its documents here were edited: ${paths.sessionDir}` : undefined;
  const remove = async () => {
    await removeCopy(paths);
    refs.delete(ref);
    return undefined;
  };
  return { what: 'copy', ending, why, remove };
}

async function findOwn(
  view: SessionView,
  record: OwnershipRecord,
  { ending, refs, parts }: { ending: PoolEnding; refs: Refs; parts: PruneParts },
): Promise<Found | undefined> {
  const { worker, paths } = view;
  const ref = sessionRef(record.id);
  const tip = refs.get(ref);
  // Any other commit was published by a machine that has taken the session.
  const isOurs = tip === undefined || tip === record.published || tip === record.sending;
  if (!isOurs || worker !== 'none' || !hasNothingPending(view)) return undefined;
  const remove = async () => {
    if (tip !== undefined && (await parts.remote.move(ref, undefined, tip)) !== 'moved') return NOT_DELETED;
    refs.delete(ref);
    for (const [act, oid] of actsOf(record.id, refs))
      if ((await parts.remote.move(act, undefined, oid)) === 'moved') refs.delete(act);
    await parts.board.forget([record.id]);
    // Without these, this machine no longer expects the ref, and a worker no longer needs time granted by the pool.
    for (const path of [paths.poolUntil, paths.ownership]) rmSync(path, { force: true });
    return undefined;
  };
  return { what: 'session', ending, why: await whyInPool(view, record, { ending, refs, parts }), remove };
}

const NOT_DELETED =
  'Its ref on the remote of the pool was not deleted: another machine has moved it, or the remote does not respond.';

async function whyInPool(
  view: SessionView,
  { id }: OwnershipRecord,
  { ending, refs, parts }: { ending: PoolEnding; refs: Refs; parts: PruneParts },
): Promise<string | undefined> {
  if (refs.has(sessionRef(id)) && (await hasAct(id, refs, parts)))
    return 'An act from another machine waits for it.';
  return ending === 'done' ? await whyNotPushed(view, parts.git) : undefined;
}

/**
 * Why the branch of a session is not safe without the pool. It must be on the remote to which the project pushes: on
 * the pool's own remote, only the refs of the session keep it. A session without a branch has nothing to push.
 */
async function whyNotPushed(
  { state }: Pick<SessionView, 'state'>,
  git: GitOptions,
): Promise<string | undefined> {
  const branch = state.worktree?.branch;
  if (branch === undefined) return undefined;
  const ref = `refs/heads/${branch}`;
  const remotes = await remotesOf(git);
  const remote = (await configuredPushRemote(branch, remotes, git)) ?? defaultRemote(remotes);
  if (remote === undefined)
    return `Its branch ${branch} is on no remote of the project. Archive the session to remove it.`;
  const ask = ['ls-remote', '--heads', '--upload-pack=git-upload-pack', '--', remote.pushUrl, ref];
  const asked = await runGit(ask, { ...git, timeoutMs: REMOTE_LIMIT_MS, allowFailure: true });
  if (asked.exitCode !== 0)
    return `The remote of the project does not show whether it has the branch ${branch}.`;
  const [there = ''] = asked.stdout.split('\t');
  const head = await commitOf(ref, git);
  const has =
    head !== undefined && (there === head || (there !== '' && (await isAncestor(head, there, git))));
  return has
    ? undefined
    : `The remote of the project does not have its branch ${branch} as it is here: push it, or archive the session.`;
}

function actsOf(id: string, refs: Refs): Array<[ref: string, oid: Oid]> {
  return [...refs].filter(([ref]) => ref.startsWith(`${ACT_REFS}${id}/`));
}

/** Whether a member has signed one of the acts. Anyone who may push can leave others. */
async function hasAct(id: string, refs: Refs, { remote, lists, git }: PruneParts): Promise<boolean> {
  const acts = actsOf(id, refs);
  const list = await lists.kept();
  if (acts.length === 0 || list === undefined) return acts.length > 0;
  // Only the board of a pool without a database fetches them.
  await remote.fetch([`${ACT_REFS}${id}/*`]);
  for (const [, oid] of acts) if ((await verifyByMember(oid, list, git)) !== undefined) return true;
  return false;
}

async function localRefs(git: GitOptions): Promise<string[]> {
  const list = ['for-each-ref', '--format=%(refname)', sessionRef(''), ACT_REFS];
  return (await gitLine(list, git)).split('\n').filter(Boolean);
}

/** Deletes the copies of refs that are gone from the remote, so that git can free their objects. */
async function dropLocalRefs(gone: readonly string[], git: GitOptions): Promise<void> {
  const input = gone.map((name) => `delete ${name}\n`).join('');
  if (input !== '') await runGit(['update-ref', '--no-deref', '--stdin'], { ...git, input });
}
