import { earlyRefusal } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { type Preview, previewOf } from '../../caller/facts/preview.ts';
import { counted } from '../../kernel/text.ts';
import { keptAmong, refPrefix } from '../../project/checkpoints/checkpoint-refs.ts';
import { type RefsOfBranch, refsOf } from '../../project/finishing/base-branch.ts';
import { historyIn, listCommits } from '../../project/finishing/listed-commits.ts';
import { commitOf } from '../../project/git/repository.ts';
import { judgeKind } from '../../session/commands/command-rows.ts';
import { judgeRewind, type RewindFacts, type RewindVerdict } from '../../session/commands/judge-rewind.ts';
import type { RewindTarget } from '../../session/events/bodies/positions.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { refNameOf } from '../../session/layout/names.ts';
import { readEvents } from '../../session/log/event-log.ts';

export interface RewindQuestion extends SessionQuestion {
  /** Rewind to the end of this iteration; 0: before the first; `undo`: to the state before the last rewind. */
  to: RewindTarget;
}

/** Describes what a rewind would undo. Changes nothing. */
export async function previewRewind(input: RewindQuestion, context: ActionContext): Promise<Preview> {
  return (await rewindPreview(input.to, await assessRewind(input, context), context)).preview;
}

/** @returns `stays`: where commits that it removes from the branch still exist, one sentence each */
export async function rewindPreview(
  to: RewindTarget,
  { view, facts, verdict, refs }: AssessedRewind,
  context: ActionContext,
): Promise<{ preview: Preview; stays: string[] }> {
  if (verdict.kind === 'refused') {
    const refusal = earlyRefusal('rewind', verdict, view);
    if (NOT_KEPT.includes(refusal.code)) throw refusal;
    return { preview: previewOf({ view, would: [], refusal }), stays: [] };
  }
  const { commit, back } = verdict;
  const then = to === 'undo' && back.done ? 'done again' : `stopped in ${back.progress.phase}`;
  const { count, stays } = await removedCommits(view, { refs, commit }, context);
  const would = [
    `Files, plan, overview and branch are restored to ${targetText(to)}; the session is then ${then}.`,
    ...(to === 'undo' ? [] : undoneActs(facts.events, to)),
    ...(count === 0
      ? []
      : [
          `Removed from branch ${view.state.worktree?.branch}: ${counted(count, 'commit')}; the tip is kept.`,
        ]),
    ...stays,
    'The current state is kept, including uncommitted files; undo restores it. Ignored files are not changed.',
  ];
  return { preview: previewOf({ view, would }, [to, commit, refs?.tip, ...would]), stays };
}

export function targetText(to: RewindTarget): string {
  if (to === 'undo') return 'the state before its last rewind';
  return to === 0 ? 'the state before its first iteration' : `the end of iteration ${to}`;
}

interface AssessedRewind {
  view: SessionView;
  facts: RewindFacts;
  verdict: RewindVerdict;
  refs: RefsOfBranch | undefined;
}

/** Judges a rewind by the same rules as the worker. */
export async function assessRewind(
  { to, ...question }: RewindQuestion,
  context: ActionContext,
): Promise<AssessedRewind> {
  const view = await findSession({ ...question, isAct: true }, context);
  const { refs, ...facts } = await factsForRewind(view, context);
  const verdict = judgeKind('rewind', view.state) ?? judgeRewind({ to }, view.state, facts);
  return { view, facts, verdict, refs };
}

/**
 * Counts the commits that a rewind to a checkpoint removes from the session's branch. `stays`: where they still exist,
 * one sentence each. @throws GitError
 */
async function removedCommits(
  { sessionFile, state: { pullRequest } }: SessionView,
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
  // Pushed by address, a round is in no ref of a remote.
  const own = await commitOf(pullRequest?.pushed ?? '', git);
  const ofRound =
    own === undefined || copies.some(([commit]) => commit === own)
      ? []
      : [[own, `the push to pull request #${pullRequest?.number}`] as const];
  const places = [...merged, ...pushed, ...ofRound];
  const range = [tip, ...places.map(([commit]) => commit), '--not', `${checkpoint}^1`];
  const commits = await listCommits(range, git);
  const removed = [...historyIn(commits, tip)];
  const stays = places.flatMap(([commit, what]) => {
    const there = historyIn(commits, commit);
    const left = removed.filter((hash) => there.has(hash)).length;
    return left === 0 ? [] : [`A rewind does not undo ${what}: ${left} of these commits remain there.`];
  });
  return { count: removed.length, stays };
}

const NOT_KEPT = ['checkpoint_elsewhere', 'checkpoint_gone', 'nothing_kept'];

const HUMAN_ACTS = {
  answers_recorded: 'later answers of the user',
  plan_approved: 'a later approval of the plan',
} as const;

/** The iterations and human decisions after the target, which a rewind discards; one sentence each. */
function undoneActs(events: readonly SessionEvent[], to: number): string[] {
  const at =
    to === 0
      ? -1
      : events.findLastIndex((event) => event.type === 'iteration_ended' && event.iteration === to);
  const after = events.slice(at + 1);
  const gone = after.flatMap((event) => (event.type === 'iteration_ended' ? [event.iteration] : []));
  const acts = Object.entries(HUMAN_ACTS).filter(([type]) => after.some((event) => event.type === type));
  return [undoneIterations(gone), ...acts.map(([, what]) => `Undone: ${what}.`)];
}

function undoneIterations(gone: readonly number[]): string {
  const [first] = gone;
  if (first === undefined) return 'No iteration is undone.';
  return gone.length === 1 ? `Undone: iteration ${first}.` : `Undone: iterations ${first} to ${gone.at(-1)}.`;
}

/** What a rewind can restore, and where the branch is. */
export async function factsForRewind(
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
