import type { Oid } from './boards/board.ts';

export type Push = 'moved' | 'refused' | 'unreachable';

/**
 * The refs of a pool on a git remote, which carry all data and fence off machines that lost a session. Refs are moved
 * only by compare-and-swap, which a `+` or `--force` would disable.
 */
export interface PoolRemote {
  /** @param to undefined to delete the ref @param expected its current commit; undefined if it must not exist */
  move(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<Push>;
  /** All refs that match the patterns, by name. Rejects when the remote cannot be reached. */
  list(...patterns: string[]): Promise<ReadonlyMap<string, Oid>>;
  nameOf(ref: string): string;
  fetch(refs: readonly string[]): Promise<void>;
}
