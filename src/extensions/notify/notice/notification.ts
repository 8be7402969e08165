import type { QaQuestion } from '../../../core/session/documents/qa-blocks.ts';

/** Kinds that require the person to act; only these are sent during quiet hours. */
export const NEEDS_PERSON = [
  'waiting',
  'blocked',
  'stalled',
  'crash_loop',
  'disk',
  'main_checkout_moved',
  'plan_changed',
  'recurring_paused',
] as const;

export const NOTIFIED_KINDS = [
  ...NEEDS_PERSON,
  ...([
    'limited',
    'back_off',
    'budget',
    'queued',
    'done',
    'group_done',
    'revived',
    'answer_changed',
    'fallback',
    'widened',
    'pull_request',
  ] as const),
] as const;

/** A change in a session. It is rendered only when it is sent, so whatever it asks for is still open. */
export interface Notification {
  /** The `id` of the queued notice, identical on every channel. */
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
  questions?: readonly QaQuestion[];
  plan?: { name: string; path: string; hash: string; summary: string };
  /** What a button of a phone can ask of the session now. */
  offers?: readonly Offer[];
  /** Set if an earlier attempt may have delivered it: it timed out, or the supervisor ended during it. */
  maybeRepeated?: true;
}

export type Offer = 'resume' | 'stop';

export function shownTitle({ title, maybeRepeated }: Notification): string {
  return maybeRepeated ? `${title} (may have been sent before)` : title;
}

export type NotifiedKind = (typeof NOTIFIED_KINDS)[number];
