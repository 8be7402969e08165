import { SamocodeError } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { factsForFinish } from '../../project/worktrees/finish-facts.ts';
import type { CommandOf } from '../../session/commands/commands.ts';
import { type FinishFacts, judgeArchive, judgeUnarchive } from '../../session/commands/judge-finish.ts';
import type { Places } from '../../session/events/places.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import { type AfterCommand, ALL_FILES_MS, afterCommand, closedTo } from '../acting/after-command.ts';
import type { ActionContext } from '../acting/context.ts';
import { earlyRefusal } from '../acting/early-refusal.ts';
import { safeGit } from '../acting/safe-git.ts';
import { findSessionAndPlace, type SessionQuestion } from '../places/find-session.ts';
import { count } from '../reading/changes-words.ts';
import type { FinishWay } from './finish-ways.ts';
import { placesNow } from './places-now.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  /** Documents that stay, with `archive_documents`. */
  keep: readonly string[];
}

export interface FinishResult {
  view: SessionView;
  /** In a sentence of ours. */
  done: string;
  /** The folder that took the session or its documents. */
  place: string;
  moved: readonly string[];
}

/** How finishing a session is judged here; its worker judges by the same rules. */
export interface FinishLook {
  view: SessionView;
  places: Places | undefined;
  facts: FinishFacts;
  refusal?: SamocodeError | undefined;
  /** The documents that would go. */
  moved: readonly string[];
}

/**
 * Finishes a session in one of the ways: its branch stays, and work that no commit holds is never lost by it.
 * @throws an early refusal, the worker's refusal with what would be lost; not_finished; pending
 */
export async function finishSession(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishResult> {
  const { view, places, refusal } = await lookAtFinish(input, context);
  if (refusal) throw refusal;
  const { how } = input;
  const after =
    how === 'unarchive'
      ? await afterCommand(view, { kind: 'unarchive' }, ['worker_left'], context, PATIENT)
      : await afterCommand(
          view,
          { kind: 'archive', ...whatOf(input), places },
          ['worker_left'],
          context,
          PATIENT,
        );
  return resultOf(input, after);
}

const PATIENT = { workMs: ALL_FILES_MS };

/** Judges what finishing a session would do. Changes nothing. @throws session_not_found, GitError; what `placesNow` throws */
export async function lookAtFinish(input: FinishSessionInput, context: ActionContext): Promise<FinishLook> {
  const { view, place } = await findSessionAndPlace(input, context);
  const { state } = view;
  const isBack = input.how === 'unarchive';
  const places = isBack || state.archived ? undefined : await placesNow(view, place, context);
  const mainRepo = view.sessionFile?.mainRepo;
  const worktreePath = state.worktree?.path;
  // What was moved is judged by the worker, once git knows its new place.
  const isInspected = places === undefined && input.how === 'keep_branch';
  const facts = await factsForFinish({
    sessionDir: view.paths.sessionDir,
    to: sessionPaths(view.paths.sessionsDir, view.folder, !isBack).sessionDir,
    worktree:
      isInspected && mainRepo !== undefined && worktreePath !== undefined
        ? { mainRepo, worktreePath, ...(await safeGit(view, context)) }
        : undefined,
  });
  const verdict = isBack
    ? { moved: [], ...judgeUnarchive(state, facts) }
    : { moved: [], ...judgeArchive(whatOf(input), state, facts) };
  const refused = verdict.kind === 'refused' ? earlyRefusal(verdict, view) : undefined;
  return { view, places, facts, refusal: closedTo(view) ?? refused, moved: verdict.moved };
}

function whatOf({ how, keep }: FinishSessionInput): Pick<CommandOf<'archive'>, 'what' | 'keep'> {
  return { what: how === 'keep_branch' ? 'session' : 'documents', keep: [...keep] };
}

function resultOf({ how }: FinishSessionInput, { view, events }: AfterCommand): FinishResult {
  const { place = '', moved = [] } = archivedBy(events);
  switch (how) {
    case 'keep_branch': {
      if (!view.state.archived) throw notFinished(view, events);
      const { branch } = view.state.worktree ?? {};
      const kept = branch === undefined ? '' : ` Its branch ${branch} is kept.`;
      return { view, place, moved, done: `${view.folder} is archived in ${place}.${kept}` };
    }
    case 'archive_documents': {
      if (moved.some((name) => statsAt(`${view.paths.sessionDir}/${name}`))) throw notFinished(view, events);
      const done = `Archived in ${place}: ${count(moved.length, 'document')} of ${view.folder}.`;
      return { view, place, moved, done };
    }
    case 'unarchive':
      if (view.state.archived) throw notFinished(view, events);
      return { view, place, moved, done: `${view.folder} is restored.` };
    default:
      return how satisfies never;
  }
}

function archivedBy(events: AfterCommand['events']): { place?: string; moved?: readonly string[] } {
  const archived = events.find((event) => event.type === 'archived');
  return { place: archived?.to, moved: archived?.moved };
}

/** Its worker could not do what it had accepted; it has recorded why, and that things are as they were. */
function notFinished({ folder }: SessionView, events: AfterCommand['events']): SamocodeError {
  const notice = events.findLast((event) => event.type === 'notice');
  const error = ACTION_ERRORS.not_finished({ session: folder, reason: notice?.text });
  return notice === undefined ? error : new SamocodeError(notice.code, error.args, error);
}
