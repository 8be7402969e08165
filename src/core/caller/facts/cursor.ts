import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/** What the reader of a session has seen. */
export interface Seen {
  /** Number of the last event. */
  n: number;
  /** They were told that the session cannot continue without a person. */
  knowsStuck?: boolean | undefined;
}

/** The cursor of a result about one session: its reader passes it back as it is. */
export function cursorOf({ n, knowsStuck }: Seen): string {
  return `${n}${knowsStuck ? STUCK : ''}`;
}

export function cursorOfSeveral(sessions: readonly (Seen & { view: Pick<SessionView, 'folder'> })[]): string {
  return sessions.map((seen) => `${keyOf(seen.view.folder)}${cursorOf(seen)}`).join('-');
}

/**
 * What a cursor says about a session; undefined if it is about others.
 * @param isOnly whether a cursor of one session is about this one
 */
export function seenIn(cursor: string | undefined, folder: string, isOnly: boolean): Seen | undefined {
  const own = cursor?.split('-').find((each) => each.startsWith(keyOf(folder)));
  const text = own?.slice(keyOf(folder).length) ?? (isOnly ? cursor : undefined);
  const [, n, stuck] = CURSOR_TEXT.exec(text ?? '') ?? [];
  return n === undefined ? undefined : { n: Number(n), knowsStuck: stuck === STUCK };
}

const STUCK = '!';
const CURSOR_TEXT = /^(\d{1,15})(!?)$/;

function keyOf(folder: string): string {
  return `${fingerprint(folder).slice(0, 8)}:`;
}
