import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { isGuarded } from '../../../core/kernel/sandbox-level.ts';
import { hintForTerminal } from '../../../core/kit/terminal/next-commands.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';

export function sessionQuestion({ view, projectDir }: ShownSession) {
  return { session: view.folder, projectDir, isWholeName: true } satisfies SessionQuestion;
}

/** The author of an act on the page. `client` notes that an unguarded agent may have read the page's token. */
export function byPerson(session?: ShownSession): By {
  const level = session?.view.sessionFile?.sandbox;
  const isOpen = level !== undefined && !isGuarded(level);
  return { channel: 'web', ...(isOpen && { client: 'without a guard' }) };
}

/** The context of an act on a session, run in the session's project. */
export function actingOn(session: ShownSession, context: ActionContext): ActionContext {
  return { ...context, cwd: session.projectDir, by: byPerson(session) };
}

/** The text of an expected error for the person on the page. @throws any other error */
export function problemText(error: unknown): string {
  if (!isSamocodeError(error)) throw error;
  return [`${error.what} ${error.why}`, hintForTerminal(error)].filter(Boolean).join('\n');
}
