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
import type { Board, Entry, Oid, Ulid } from '../board/board.ts';
import { parcelsOf, sessionRef } from '../board/git-remote.ts';
import { joinedPool } from '../pool-file.ts';
import { POOL_ROWS } from '../settings.ts';
import { clearRemovedCopies, isEditedCopy, removeCopy } from '../states/copies.ts';
import { type OwnershipRecord, readOwnership } from '../states/ownership-record.ts';
import { type CopyMark, readCopyMark } from '../states/restore-state.ts';
import type { MemberParts } from './member-parts.ts';
import { databaseOf } from './open-member.ts';
import { membershipOf, REMOTE_LIMIT_MS, remoteOf, requirePerson } from './require-membership.ts';
import { type PoolEnding, prunableView } from './retention.ts';

export interface PruneParts extends Pick<MemberParts, 'remote' | 'clock' | 'host' | 'poolDays'> {
  board: Pick<Board, 'read' | 'forget'>;
  hostInfo: Pick<MemberParts['hostInfo'], 'id'>;
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

/** The refs on the remote. */
type Refs = ReadonlyMap<string, Oid>;

interface Found extends Pick<PrunedSession, 'what' | 'ending'> {
  id: Ulid;
  /** Why it stays. */
  why?: string | undefined;
  /** @returns why it stays, if it does */
  remove(): Promise<string | undefined>;
}

/** Does now, or with `dryRun` only lists, what each machine of a pool does once a day. */
export async function prunePool(
  { dryRun, ...question }: ProjectQuestion & { dryRun: boolean },
  context: ActionContext,
): Promise<PruneReport> {
  if (!dryRun) await requirePerson(context);
  const { membership, project } = await membershipOf(question, context);
  const { sessions } = project.values;
  const { poolDays } = valuesOf(POOL_ROWS, project.values);
  const { login: id, ...pool } = joinedPool(membership);
  await using board = await databaseOf(pool, context);
  const parts = {
    ...remoteOf(pool, project.mainRepo, context),
    ...context,
    board,
    hostInfo: { id },
    poolDays,
  };
  return await pruneSessions(await readAllSessions(sessions, context.host), parts, { dryRun });
}

/**
 * Removes sessions that ended long ago: from board and remote if this machine has them, and otherwise their copies
 * here. The files of the machine that has a session stay. Safe to repeat after an interruption at any point.
 * @throws if the remote cannot be read; then nothing was removed
 */
export async function pruneSessions(
  views: readonly SessionView[],
  parts: PruneParts,
  { dryRun }: { dryRun: boolean },
): Promise<PruneReport> {
  const refs = await parts.remote.list(`${parcelsOf('*')}*`);
  const gone: Ulid[] = [];
  const report: PruneReport = { days: parts.poolDays, pruned: [], kept: [] };
  for (const view of views) {
    const session = view.folder;
    try {
      const found = await findOne(view, refs, parts);
      if (found === undefined) continue;
      const { what, ending, why = dryRun ? undefined : await found.remove() } = found;
      if (why === undefined) {
        report.pruned.push({ session, what, ending });
        gone.push(found.id);
      } else report.kept.push({ session, why });
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
    await dropLocalRefs(gone, parts.git);
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
  const { id } = view.sessionFile ?? { id: '' };
  const entry = await parts.board.read(id);
  const copy = await readCopyMark(view.paths);
  const record = readOwnership(view.paths);
  if (copy !== undefined) return findCopy(view, copy, { id, ending, entry });
  return record && (await findOwn(view, record, { ending, entry, refs, parts }));
}

function findCopy(
  { worker, paths }: SessionView,
  copy: CopyMark,
  { id, ending, entry }: { id: Ulid; ending: PoolEnding; entry: Entry | undefined },
): Found | undefined {
  // If it is in the pool, only the newest state says that the session is over.
  const isNewer = entry !== undefined && entry.state !== copy.commit;
  if (worker !== 'unknowable' || copy.unfinished || isNewer) return undefined;
  const why = isEditedCopy(paths, copy) ? `Its documents here were edited: ${paths.sessionDir}` : undefined;
  const remove = async () => {
    await removeCopy(paths);
    return undefined;
  };
  return { id, what: 'copy', ending, why, remove };
}

async function findOwn(
  view: SessionView,
  record: OwnershipRecord,
  {
    ending,
    entry,
    refs,
    parts,
  }: { ending: PoolEnding; entry: Entry | undefined; refs: Refs; parts: PruneParts },
): Promise<Found | undefined> {
  const { board, remote, hostInfo } = parts;
  const { worker, paths } = view;
  const { id, published, sending } = record;
  // Any other state was published by a machine that has taken the session.
  const isOurs =
    entry === undefined ||
    ((entry.host ?? hostInfo.id) === hostInfo.id && [published, sending].includes(entry.state));
  if (!isOurs || worker !== 'none' || !hasNothingPending(view)) return undefined;
  const remove = async () => {
    if (entry !== undefined && !(await board.forget([id])).includes(id)) return NOT_FORGOTTEN;
    for (const [ref, oid] of refs) if (ref.startsWith(parcelsOf(id))) await remote.move(ref, undefined, oid);
    // Without these, this machine no longer offers it, and a worker no longer needs time granted by the pool.
    for (const path of [paths.poolUntil, paths.ownership]) rmSync(path, { force: true });
    return undefined;
  };
  const waits = entry?.wanted ? 'An act from another machine waits for it.' : undefined;
  const why = waits ?? (ending === 'done' ? await whyNotPushed(view, parts.git) : undefined);
  return { id, what: 'session', ending, why, remove };
}

const NOT_FORGOTTEN = 'Another machine has taken it, or an act from one waits for it.';

/**
 * Why the branch of a session is not safe without the pool. It must be on the remote to which the project pushes: on
 * the pool's own remote, only the session's refs keep it. A session without a branch has nothing to push.
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

/** So that git can free the objects. */
async function dropLocalRefs(ids: readonly Ulid[], git: GitOptions): Promise<void> {
  const list = ['for-each-ref', '--format=delete %(refname)', ...ids.map(sessionRef)];
  const input = ids.length === 0 ? '' : await gitLine(list, git);
  if (input !== '') await runGit(['update-ref', '--no-deref', '--stdin'], { ...git, input: `${input}\n` });
}
