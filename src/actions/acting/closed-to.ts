import type { SamocodeError } from '../../base/errors.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { archiveRoot } from '../../session/layout/paths.ts';
import { isLost } from '../../session/session-list.ts';
import { ACTION_ERRORS } from './action-errors.ts';

/** Why nothing can be asked of a session from here; undefined: its worker can be. */
export function closedTo(view: SessionView): SamocodeError | undefined {
  const { folder: session, newer } = view;
  if (newer !== undefined) return ACTION_ERRORS.newer_version({ session, newer });
  if (view.isForeign) return notTakenOverYet(view);
  return isLost(view) ? sessionLost(view) : undefined;
}

/** Before anything is asked about it. @throws what `closedTo` gives */
export function requireUsable(view: SessionView): SessionView {
  const closed = closedTo(view);
  if (closed) throw closed;
  return view;
}

/** Every worker that is started for it ends at once. */
export function sessionLost({ folder, problems, paths, isUnreadable }: SessionView): SamocodeError {
  return ACTION_ERRORS.session_lost({
    session: folder,
    problems,
    sessionDir: paths.sessionDir,
    isUnreadable: isUnreadable === true,
  });
}

/** A worker could do nothing with it, and a command would stay queued for ever. */
function notTakenOverYet({ folder, state, paths }: SessionView): SamocodeError {
  const to = archiveRoot(paths.sessionsDir);
  const isDone = state.status.kind === 'done';
  return ACTION_ERRORS.not_taken_over_yet({ session: folder, isDone, from: paths.sessionDir, to });
}
