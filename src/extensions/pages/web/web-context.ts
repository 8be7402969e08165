import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { hintForTerminal } from '../../../core/caller/facts/step-texts.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { isGuarded } from '../../../core/kernel/sandbox-level.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';

export function sessionQuestion({ view, projectDir }: ShownSession) {
  return { session: view.folder, projectDir, isWholeName: true } satisfies SessionQuestion;
}

/** The author of an act on the page, in a tab that a person has confirmed or not. */
export function byTab(isConfirmed: boolean): By {
  return { channel: 'web', ...(!isConfirmed && { unconfirmed: true }) };
}

/**
 * The context of an act on a session, run in the session's project. `client` notes that an unguarded agent may have read
 * the memory of the server or the tab.
 */
export function actingOn({ view, projectDir }: ShownSession, context: ActionContext): ActionContext {
  const level = view.sessionFile?.sandbox;
  const isOpen = level !== undefined && !isGuarded(level);
  return {
    ...context,
    cwd: projectDir,
    by: { ...context.by, ...(isOpen && { client: 'without a guard' }) },
  };
}

/** The text of an expected error for the person on the page. @throws any other error */
export function problemText(error: unknown): string {
  if (!isSamocodeError(error)) throw error;
  return [`${error.what} ${error.why}`, hintForTerminal(error)].filter(Boolean).join('\n');
}
