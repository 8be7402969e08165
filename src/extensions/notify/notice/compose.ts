import { basename } from 'node:path';
import { refusalNow } from '../../../core/caller/commands/early-refusal.ts';
import { cut, shownText } from '../../../core/kernel/text.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { describeRecurring } from '../../../core/session/words/facts.ts';
import { kindRow, type Notice, stillHolds } from './kinds.ts';
import type { Notification, Offer } from './notification.ts';

export interface ComposeOptions {
  /** `titles`: no text written by an agent or the user, and no path. */
  detail?: 'full' | 'titles';
  /** Returns the session's address on the live page, or undefined if the page is not running. */
  pageOf?: ((view: SessionView) => Promise<string | undefined>) | undefined;
}

const MAX_BODY = 16_000;

/**
 * Renders a notice from the session's current state.
 * @param view undefined if the session was removed or cannot be read; then the text of the notice is used
 * @returns undefined if the notice has been settled in the meantime
 */
export async function compose(
  notice: Notice,
  view: SessionView | undefined,
  { detail = 'full', pageOf }: ComposeOptions = {},
): Promise<Notification | undefined> {
  const { id, at, kind, session, sessionsDir } = notice;
  const { needsPerson = false, title: titleOf, details: detailsOf } = kindRow(kind);
  if (view !== undefined && !stillHolds(notice, view)) return undefined;
  const project = basename(view?.sessionFile?.mainRepo ?? '');
  const offers = view ? offersOf(view) : [];
  const title = titleOf(notice, { view, project });
  const head = { id, at, kind, needsPerson, session, sessionsDir, offers, project, title };
  if (detail === 'titles') return { ...head, body: '' };
  const { text = notice.text, ...asks } = (view && (await detailsOf?.(view))) ?? {};
  const page = view && (await pageOf?.(view));
  const run = view?.sessionFile?.recurring && `Recurring: ${describeRecurring(view.sessionFile.recurring)}`;
  const body = cut(shownText([run, text].filter(Boolean).join('\n')).trim(), MAX_BODY);
  return { ...head, body, ...(page && { page }), ...asks };
}

/** What the session would take from a phone without further words. A resume also starts a worker that is missing. */
export function offersOf(view: SessionView): Offer[] {
  const isTaken = (kind: Offer) => refusalNow(kind, view, { by: { channel: 'phone' } }) === undefined;
  const isDone = view.state.status.kind === 'done';
  const isResumed = !isDone && (view.needsWorker || isTaken('resume'));
  return [...(isResumed ? (['resume'] as const) : []), ...(isTaken('stop') ? (['stop'] as const) : [])];
}
