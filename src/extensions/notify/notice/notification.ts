import type { Details } from './details.ts';
import type { NotifiedKind } from './kinds.ts';

/** A change in a session. It is rendered only when it is sent, so whatever it asks for is still open. */
export interface Notification extends Omit<Details, 'text'> {
  /** The `id` of the notice, identical on every channel. */
  id: string;
  at: string;
  kind: NotifiedKind;
  needsPerson: boolean;
  session: string;
  sessionsDir: string;
  project: string;
  /** One line: what happened to which session. With NOTIFY_DETAIL=titles, the only text. */
  title: string;
  /** Plain text of several lines; empty with NOTIFY_DETAIL=titles. */
  body: string;
  /** The session's address on the live page, if `samocode web` is running; it opens only on this machine. */
  page?: string;
  /** What a button of a phone can ask of the session now. */
  offers?: readonly Offer[];
  /** Set if an earlier attempt may have delivered it: it timed out, or the supervisor ended during it. */
  maybeRepeated?: true;
}

export type Offer = 'resume' | 'stop';

export function shownTitle({ title, maybeRepeated }: Notification): string {
  return maybeRepeated ? `${title} (may have been sent before)` : title;
}
