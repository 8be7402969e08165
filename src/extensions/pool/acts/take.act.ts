import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { supervise } from '../../../core/caller/context/supervision.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';
import type { Oid } from '../board/board.ts';
import { sessionRef } from '../board/git-remote.ts';
import type { MemberParts } from '../membership/member-parts.ts';
import { openMember } from '../membership/open-member.ts';
import { membershipOf, requirePerson, requireStanding } from '../membership/require-membership.ts';
import { bellPath } from '../membership/run-members.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { leftBehind } from '../states/left-behind.ts';
import { type OwnershipRecord, readOwnership } from '../states/ownership-record.ts';
import type { VerifiedState } from '../states/pool-states.ts';

/** The published state with which this machine would continue the session. */
export interface TakePreview {
  session: string;
  isHere: boolean;
  /** Increases each time a machine takes the session. */
  epoch: number;
  host?: string;
  publishedAt: string;
  phase: string;
  iteration: number;
  /** What is not in the published state, a sentence each. */
  left: string[];
}

/** Another state that the same machine publishes meanwhile is taken instead, this often at most. */
const TRIES = 5;

/** Reads what `takeSession` would move to this machine. Changes nothing. */
export async function previewTake(question: SessionQuestion, context: ActionContext): Promise<TakePreview> {
  return await withSession(question, context, async (session, parts) =>
    previewOf(session, await newestState(session, parts), parts),
  );
}

/**
 * Moves a session to this machine by compare-and-swap of its ref. The supervisor here then continues it; the machine
 * that had it ends its agent at its next look, and its later pushes are refused.
 * @param seen the epoch that the person was shown
 */
export async function takeSession(
  { seen, ...question }: SessionQuestion & { seen: number },
  context: ActionContext,
): Promise<TakePreview> {
  return await withSession(question, context, async (session, parts) => {
    for (let tries = 1; ; tries += 1) {
      const state = await newestState(session, parts);
      const preview = previewOf(session, state, parts);
      const { epoch, host } = preview;
      if (epoch !== seen) throw POOL_ERRORS.taken_meanwhile({ session: session.folder, host });
      if (preview.isHere) return preview;
      const next = Math.max(epoch, readOwnership(session.paths)?.epoch ?? 0) + 1;
      const mine = await parts.states.claimed(state, { epoch: next });
      const how = await parts.remote.move(sessionRef(session.id), mine, state.commit);
      if (how === 'unreachable') throw POOL_ERRORS.not_taken({ session: session.folder });
      if (how === 'moved') return { ...preview, epoch: next, isHere: true };
      if (tries === TRIES) throw POOL_ERRORS.taken_meanwhile({ session: session.folder, host });
    }
  });
}

/** The supervisor does the work and reports on it. */
const QUIET = {
  supervisor: '',
  say: () => undefined,
  report: () => undefined,
  status: { saw: () => undefined, looked: () => undefined, holds: () => undefined, write: () => undefined },
  wake: async () => undefined,
};

interface Session {
  folder: string;
  id: string;
  paths: SessionPaths;
  /** The record before the remote was read. */
  record: OwnershipRecord | undefined;
}

async function withSession<T>(
  question: SessionQuestion,
  context: ActionContext,
  act: (session: Session, parts: MemberParts) => Promise<T>,
): Promise<T> {
  await requirePerson(context);
  const { folder, sessionFile, paths } = await findSession({ ...question, isAct: true }, context);
  const { membership, project } = await membershipOf(question, context);
  if (!sessionFile?.pool) throw POOL_ERRORS.not_in_pool({ session: folder });
  if (membership.database !== undefined) throw POOL_ERRORS.taken_automatically({ session: folder });
  if (membership.leaving) throw POOL_ERRORS.pool_not_joined({ mainRepo: sessionFile.mainRepo });
  // No machine would use a state that a machine signs which an owner has removed in the meantime.
  await requireStanding(membership, project, context, { isReadAgain: true });
  await using parts = await openMember(membership, context, QUIET);
  const done = await act({ folder, id: sessionFile.id, paths, record: readOwnership(paths) }, parts);
  await supervise(context, paths.sessionsDir);
  await writeWhole(bellPath(membership, context), '', { mode: 0o600 });
  return done;
}

async function newestState(
  { folder, id }: Session,
  { remote, states, hostInfo }: MemberParts,
): Promise<VerifiedState> {
  const ref = sessionRef(id);
  const isThere = await remote.list(ref).catch((cause: unknown) => {
    throw POOL_ERRORS.not_taken({ session: folder }, { cause });
  });
  if (!isThere.has(ref)) throw POOL_ERRORS.not_published({ session: folder });
  await remote.fetch([ref]);
  const state = await states.verify(ref);
  const lacks = state.manifest.needs.filter((need) => !hostInfo.labels.includes(need));
  if (lacks.length > 0) throw POOL_ERRORS.needs_unmet({ session: folder, lacks });
  return state;
}

function previewOf(
  { folder, paths, record }: Session,
  { commit, manifest }: VerifiedState,
  { hostInfo }: MemberParts,
): TakePreview {
  const { at: publishedAt, phase, iteration } = manifest.card;
  const host = manifest.hostName ?? manifest.host;
  // Two readings, because the supervisor may publish in the meantime.
  const isHere =
    manifest.host === hostInfo.id &&
    [record, readOwnership(paths)].some((each) => continues(each, commit, manifest));
  return {
    session: folder,
    isHere,
    epoch: manifest.epoch,
    host,
    publishedAt,
    phase,
    iteration,
    left: leftBehind(manifest.left),
  };
}

/** Whether the supervisor here continues a state of this machine: not if it is another one than it published last. */
function continues(
  record: OwnershipRecord | undefined,
  commit: Oid,
  { epoch }: VerifiedState['manifest'],
): boolean {
  return record === undefined || record.epoch < epoch || [record.published, record.sending].includes(commit);
}
