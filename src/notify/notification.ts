import type { QaQuestion } from '../session/documents/qa-blocks.ts';

/** Those that need an act of the person: only they pass the quiet hours. */
export const NEEDS_PERSON = [
  'waiting',
  'blocked',
  'stalled',
  'crash_loop',
  'main_checkout_moved',
  'plan_changed',
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
  ] as const),
] as const;

/** One change of a session, worded for its person. It is composed when it is sent: what it asks for is still open. */
export interface Notification {
  /** `<session id>:<event number>`, `:crash_loop:<lease number>` or `:queued:<since>`: the same id is the same change on every channel. */
  id: string;
  at: string;
  kind: NotifiedKind;
  needsPerson: boolean;
  session: string;
  sessionsDir: string;
  project: string;
  /** One line: what happened to which session. All there is with NOTIFY_DETAIL=titles. */
  title: string;
  /** Plain text of several lines; empty with NOTIFY_DETAIL=titles. */
  body: string;
  questions?: readonly QaQuestion[];
  plan?: { name: string; path: string; hash: string; summary: string };
  /** It may have been sent before: the supervisor ended between sending it and noting that. */
  maybeRepeated?: true;
}

export type NotifiedKind = (typeof NOTIFIED_KINDS)[number];
