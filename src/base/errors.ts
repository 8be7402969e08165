import { visibleControls } from './plain-words.ts';

/**
 * A failure we expect and can explain: what happened, why, and what to do next, a sentence each.
 * The words are ours; text from a child, a file or the network belongs into `cause`, never into them. What a caller
 * wrote may be quoted: its control characters are shown as escapes.
 */
export abstract class SamocodeError extends Error {
  /** Stable snake_case name that programs may branch on. */
  abstract readonly code: string;

  readonly what: string;
  readonly why: string;
  /** What the reader should do next. */
  readonly hint: string;

  constructor(what: string, why: string, hint: string, options?: { cause?: unknown }) {
    super(visibleControls(`${what} ${why} ${hint}`), options);
    this.name = new.target.name;
    this.what = visibleControls(what);
    this.why = visibleControls(why);
    this.hint = visibleControls(hint);
  }
}

/** The `code` of a Node system error (`ENOENT`, `EEXIST`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Runs `read` and gives undefined where the file or folder is not there. */
export async function ifExists<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** The same for a call that does not wait. */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function isSamocodeError(error: unknown): error is SamocodeError {
  return error instanceof SamocodeError;
}
