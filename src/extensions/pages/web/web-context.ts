import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { pageKey } from '../../../core/caller/facts/live-page.ts';
import { hintForTerminal } from '../../../core/caller/facts/step-texts.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { isGuarded } from '../../../core/kernel/sandbox-level.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { type Html, html } from '../html/html.ts';

export function sessionQuestion({ view, projectDir }: ShownSession) {
  return { session: view.folder, projectDir, isWholeName: true } satisfies SessionQuestion;
}

/** Identifies the state in which a decision was offered: one that comes after the state has changed is refused. */
export function stateIdOf({ state: { status }, paths }: Pick<SessionView, 'state' | 'paths'>): string {
  return fingerprint(`${paths.runDir} ${status.kind} ${status.since}`).slice(0, 12);
}

/** The hidden fields by which a form names its session and that state. */
export function identityFields({ view }: ShownSession): Html {
  return html`<input type="hidden" name="session" value="${pageKey(view.paths)}"><input type="hidden" name="state" value="${stateIdOf(view)}">`;
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

/** The message for an unexpected error. */
export const FAILED = 'It failed. The terminal of samocode web, or the screen of samocode watch, says why.';

/** The text of an expected error for the person on the page. @throws any other error */
export function problemText(error: unknown): string {
  if (!isSamocodeError(error)) throw error;
  return [`${error.what} ${error.why}`, hintForTerminal(error)].filter(Boolean).join('\n');
}
