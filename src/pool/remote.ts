import type { Oid } from './board.ts';

export type Push = 'moved' | 'refused' | 'unreachable';

/**
 * The refs of a pool on a git remote: the only data plane, and the fence. A ref is moved by compare-and-swap alone; a
 * `+` or `--force` would switch that off.
 */
export interface PoolRemote {
  /** @param expected what this host left there; undefined: the ref must not exist. @param to undefined deletes it */
  move(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<Push>;
  /** All refs that match the patterns, by name. Rejects when the remote cannot be reached. */
  look(...patterns: string[]): Promise<ReadonlyMap<string, Oid>>;
  /** What a ref is called there. */
  nameOf(ref: string): string;
  /** Fetches refs into the same names of the local repository. */
  fetch(refs: readonly string[]): Promise<void>;
}
