import { ALL_FILES_MS, sendAndAwait } from '../../caller/commands/await-command.ts';
import { accepted } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { keptAmong, refPrefix } from '../../project/checkpoints/checkpoint-refs.ts';
import { type RefsOfBranch, refsOf } from '../../project/finishing/base-branch.ts';
import { historyIn, listCommits } from '../../project/finishing/listed-commits.ts';
import {
  judgeRewind,
  type KeptIteration,
  keptIterations,
  type RewindFacts,
  type RewindVerdict,
} from '../../session/commands/judge-rewind.ts';
import type { RewindTarget } from '../../session/events/bodies/positions.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { refNameOf } from '../../session/layout/names.ts';

export interface RewindSessionInput extends SessionQuestion {
  /** Rewind to the end of this iteration; 0: before the first; `undo`: to the state before the last rewind. */
  to: RewindTarget;
}

export interface RewindSessionResult extends Acted {
  /** A ref in MAIN_REPO with the earlier state. */
  undoRef: string;
  /** Files left unchanged: too large, unreadable, or in nested repositories. */
  leftOut: string[];
  /** Where commits that were removed from the branch still exist, one sentence each. */
  stays: string[];
}

/**
 * Restores worktree, plan and overview together to the end of an iteration; the session is then stopped, and `undo`
 * reverts the rewind. The branch moves too, and its old tip is kept.
 */
export async function rewindSession(
  input: RewindSessionInput,
  context: ActionContext,
): Promise<RewindSessionResult> {
  const { view: found, verdict, refs } = await assessRewind(input, context);
  const { commit } = accepted(verdict, found);
  const { stays } = await removedCommits(found, { refs, commit }, context);
  const request = { kind: 'rewind', to: input.to } as const;
  const { view, events } = await sendAndAwait(found, request, ENDS, context, { workMs: ALL_FILES_MS });
  const halfway = events.find((event) => event.type === 'blocked');
  if (halfway !== undefined)
    throw ACTION_ERRORS.rewind_halfway({ session: view.folder, reason: halfway.reason });
  const end = events.find((event) => event.type === 'rewound' || event.type === 'rewind_failed');
  if (end?.type === 'rewind_failed') throw rewindFailed(end);
  const then = view.state.status.kind === 'done' ? 'done again' : 'stopped';
  const what = `${view.folder} is rewound to ${targetText(input.to)} and is now ${then}.`;
  const done = [what, ...stays].join(' ');
  return { view, done, undoRef: end?.undo.ref ?? '', leftOut: end?.leftOut ?? [], stays };
}

export function targetText(to: RewindTarget): string {
  if (to === 'undo') return 'the state before its last rewind';
  return to === 0 ? 'the state before its first iteration' : `the end of iteration ${to}`;
}

const ENDS = ['rewound', 'rewind_failed', 'blocked'] as const;

/** Judges a rewind by the same rules as the worker. */
export async function assessRewind(
  { to, ...question }: RewindSessionInput,
  context: ActionContext,
): Promise<{
  view: SessionView;
  facts: RewindFacts;
  verdict: RewindVerdict;
  refs: RefsOfBranch | undefined;
}> {
  const view = await findSession({ ...question, isAct: true }, context);
  const { refs, ...facts } = await factsForRewind(view, context);
  return { view, facts, verdict: judgeRewind({ to }, view.state, facts), refs };
}

/**
 * Counts the commits that a rewind to a checkpoint removes from the session's branch. `stays`: where they still exist,
 * one sentence each. @throws GitError
 */
export async function removedCommits(
  { sessionFile }: SessionView,
  { refs, commit: checkpoint }: { refs: RefsOfBranch | undefined; commit: string },
  { env }: Pick<ActionContext, 'env'>,
): Promise<{ count: number; stays: string[] }> {
  if (sessionFile === undefined || refs?.tip === undefined) return { count: 0, stays: [] };
  const git = { baseEnv: env, cwd: sessionFile.mainRepo };
  const { into, intoTip, tip, copies } = refs;
  const merged = intoTip === undefined ? [] : [[intoTip, `the merge into ${into}`] as const];
  const pushed = copies.map(
    ([commit, ref]) =>
      [commit, `a push to ${ref.slice('refs/remotes/'.length)}, or its pull request`] as const,
  );
  const places = [...merged, ...pushed];
  const range = [tip, ...places.map(([commit]) => commit), '--not', `${checkpoint}^1`];
  const commits = await listCommits(range, { ...git, allowFailure: true });
  const removed = [...historyIn(commits, tip)];
  const stays = places.flatMap(([commit, what]) => {
    const there = historyIn(commits, commit);
    const left = removed.filter((hash) => there.has(hash)).length;
    return left === 0 ? [] : [`A rewind does not undo ${what}: ${left} of these commits remain there.`];
  });
  return { count: removed.length, stays };
}

/** The iterations that a session can be rewound to, newest first. */
export async function listCheckpoints(
  question: SessionQuestion,
  context: ActionContext,
): Promise<{ view: SessionView; kept: KeptIteration[] }> {
  const view = await findSession(question, context);
  return { view, kept: keptIterations(await factsForRewind(view, context)) };
}

/** What a rewind can restore, and where the branch is. */
async function factsForRewind(
  { sessionFile, paths, state: { worktree } }: SessionView,
  { env }: ActionContext,
): Promise<RewindFacts & { refs: RefsOfBranch | undefined }> {
  const events = await readEvents(paths, 0);
  const nothing = { commits: new Set<string>(), beforeRewinds: new Map<number, string>() };
  if (sessionFile === undefined || worktree === undefined) return { events, kept: nothing, refs: undefined };
  const session = refNameOf(sessionFile);
  const prefix = refPrefix(session);
  const refs = await refsOf(worktree, { cwd: sessionFile.mainRepo, baseEnv: env }, prefix);
  const own = refs.listed.filter(([, ref]) => ref.startsWith(prefix));
  return { events, kept: keptAmong(session, own), refs };
}

function rewindFailed({ code, reason }: { code: string; reason: string }): SamocodeError {
  const what = 'The session was not rewound.';
  return new SamocodeError(code, {}, { what, why: reason, hint: 'Fix that, then rewind again.' });
}
