import { SamocodeError } from '../base/errors.ts';
import { statsAt } from '../base/look-at.ts';
import { judgeResume, SESSION_RUNS } from '../session/commands/judge-resume.ts';
import { atPlaces, type Places } from '../session/places.ts';
import { isLost } from '../session/session-list.ts';
import { readSession, type SessionView } from '../session/status.ts';
import { adoptSession } from './adopt-session.ts';
import { afterCommand, SessionLostError } from './after-command.ts';
import { checksNow } from './checks-now.ts';
import { childSettingsOf, chooseChildren } from './choose-child.ts';
import type { ActionContext } from './context.ts';
import { EarlyRefusalError } from './early-refusal.ts';
import { findSessionAndPlace, type SessionQuestion } from './find-session.ts';
import { placesNow } from './places-now.ts';
import { requireCaps } from './require-caps.ts';
import { requireText } from './require-text.ts';
import { revive } from './revive.ts';

export interface ResumeSessionInput extends SessionQuestion {
  /** For the next child. */
  note?: string | undefined;
  /** New work for a session that is done. */
  goal?: string | undefined;
  /** Limits of the whole session that hold from now on, beside those of its start. */
  caps?: Readonly<Record<string, number | undefined>> | undefined;
  /** Another provider for every phase from now on, with its own model unless one is named. */
  provider?: string | undefined;
  /** Another model; without a provider, for the phases that have no own one. */
  model?: string | undefined;
}

export interface ResumeSessionResult {
  view: SessionView;
  /** `already_running`: nothing had to be done. */
  outcome: 'resumed' | 'already_running';
}

/**
 * Lets a session go on that is stopped, blocked, limited, or waits for a person's act or a file; a done
 * one with a new goal; a folder of the original tool by taking it over. It opens no gate.
 * @throws InArchiveError, NotDoneError, EarlyRefusalError, what `chooseChildren` and `checksNow` throw;
 * CommandRefusedError, CommandPending
 */
export async function resumeSession(
  input: ResumeSessionInput,
  context: ActionContext,
): Promise<ResumeSessionResult> {
  const note = input.note?.trim() ? requireText(input.note, 'note') : undefined;
  const goal = input.goal?.trim() ? requireText(input.goal, 'goal') : undefined;
  const caps = requireCaps(input.caps);
  const { view: found, place } = await findSessionAndPlace(input, context);
  if (found.state.archived) throw new InArchiveError(found.folder);
  const verdict = judgeResume({ goal, by: context.by }, found.state);
  if (found.isForeign) {
    if (verdict.kind === 'refused' && verdict.code === 'goal_missing') throw new EarlyRefusalError(verdict);
    if (goal !== undefined && !takesGoal(found)) throw new NotDoneError(found.folder);
    const { usd, tokens, hours, iterations } = caps?.session ?? {};
    const limits = { maxCostUsd: usd, maxTokens: tokens, maxHours: hours, maxIterations: iterations };
    const call = { ...childSettingsOf(input), ...limits };
    return {
      view: await adoptSession({ view: found, place, note, goal, call }, context),
      outcome: 'resumed',
    };
  }
  if (isLost(found)) throw new SessionLostError(found);
  if (verdict.kind === 'refused') {
    const asksForMore = (goal ?? caps ?? input.provider ?? input.model) !== undefined;
    if (verdict.code !== 'already_running' || asksForMore) throw new EarlyRefusalError(verdict, found);
    return await withWorkerAgain(found, note, context);
  }
  const places = await placesNow(found, place, context);
  const view = withPlacesOf(found, places);
  const checks = view.sessionFile && (await checksNow(view, goal, context));
  const child = view.sessionFile && (await chooseChildren(input, view.sessionFile, context));
  const request = {
    kind: 'resume',
    ...(note && { note }),
    ...(goal && { goal }),
    ...(caps && { caps }),
    ...(child && { child }),
    ...(checks && { checks }),
    ...(places && { places }),
  } as const;
  const after = await afterCommand(found, request, ['resumed'], context);
  return { view: after.view, outcome: 'resumed' };
}

/** For questions that are asked about the project before the worker knows where it stands. */
function withPlacesOf(view: SessionView, places: Places | undefined): SessionView {
  const { sessionFile, paths } = view;
  return sessionFile ? { ...view, sessionFile: atPlaces(sessionFile, paths, places) } : view;
}

/** A session that runs may have lost its worker; leaving a note for it brings one back. */
async function withWorkerAgain(
  found: SessionView,
  note: string | undefined,
  context: ActionContext,
): Promise<ResumeSessionResult> {
  if (note === undefined) {
    return (await revive(found, context, true)) === 'launched'
      ? { view: await withWorker(found, context), outcome: 'resumed' }
      : { view: found, outcome: 'already_running' };
  }
  if (!found.needsWorker) throw new EarlyRefusalError(SESSION_RUNS, found);
  const { view } = await afterCommand(found, { kind: 'message', text: note }, ['message_kept'], context);
  return { view, outcome: 'resumed' };
}

const START_MS = 5000;
const POLL_MS = 50;

/** Waits a moment for the worker that was just launched: whoever looks before it is there finds none. */
async function withWorker(found: SessionView, { clock, host }: ActionContext): Promise<SessionView> {
  for (let view = found, end = clock.monotonic() + START_MS; ; await clock.sleep(POLL_MS)) {
    view = (await readSession(found.paths, host)) ?? view;
    if (!view.needsWorker || clock.monotonic() > end) return view;
  }
}

/** A folder without an overview lacks the task, and is given it so. */
function takesGoal({ state, paths }: SessionView): boolean {
  return state.status.kind === 'done' || statsAt(paths.overview) === undefined;
}

/** Taken over with other work, the one that it stands in would be lost. */
class NotDoneError extends SamocodeError {
  readonly code = 'not_done';

  constructor(folder: string) {
    super(
      `Session ${folder} was not taken over.`,
      'Its notebook does not say that it is done.',
      'Without a goal it goes on where it stands; a new goal is for a done session.',
    );
  }
}

class InArchiveError extends SamocodeError {
  readonly code = 'archived';

  constructor(folder: string) {
    super(
      `Session ${folder} was not resumed.`,
      'It is in the archive.',
      'If the human wants it back, finish_session with how: unarchive, then resume it.',
    );
  }
}
