import type { NextStep } from './acts.ts';
import { visibleControls } from './text.ts';

/** What a row of an error table gives: what happened, why, and what to do next. */
export interface Explanation {
  what: string;
  why: string;
  /** What to do outside of samocode, in a sentence that fits every face; not needed where `next` says it all. */
  hint?: string;
  /** What to do with samocode; each face words it. */
  next?: readonly NextStep[];
}

/**
 * A failure that we expect and can explain, made by a row of a table of errors.
 * The words are ours; text from an agent, a file or the network belongs in `cause`, never in them. What a caller
 * wrote may be quoted: its control characters are shown as escapes.
 */
export class SamocodeError<Code extends string = string, Args = unknown> extends Error {
  /** Stable snake_case name that programs may branch on. */
  readonly code: Code;
  /** What it was made of. */
  readonly args: Args;
  readonly what: string;
  readonly why: string;
  readonly hint: string;
  readonly next: readonly NextStep[];

  constructor(
    code: Code,
    args: Args,
    { what, why, hint = '', next = [] }: Explanation,
    options?: { cause?: unknown },
  ) {
    super(visibleControls(`${what} ${why} ${hint}`.trim()), options);
    this.name = code;
    this.code = code;
    this.args = args;
    this.what = visibleControls(what);
    this.why = visibleControls(why);
    this.hint = visibleControls(hint);
    this.next = next;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each row names its own arguments
type Rows = Readonly<Record<string, (args: any) => Explanation>>;
type ArgsOf<Row> = Row extends () => Explanation
  ? undefined
  : Row extends (args: infer A) => unknown
    ? A
    : never;

/** Makes the error of one code, and recognises it. */
interface MakeError<Code extends string, Args> {
  (
    ...given: undefined extends Args
      ? [args?: Args, options?: { cause?: unknown }]
      : [args: Args, options?: { cause?: unknown }]
  ): SamocodeError<Code, Args>;
  is(error: unknown): error is SamocodeError<Code, Args>;
  explain(args: Args): Explanation;
}

export type ErrorTable<T extends Rows> = {
  readonly [Code in keyof T & string]: MakeError<Code, ArgsOf<T[Code]>>;
};

/**
 * The expected failures of a room: a row per code, which explains it from its arguments.
 * `throw PROJECT_ERRORS.base_not_found({ base })`; `if (PROJECT_ERRORS.base_not_found.is(error)) …`.
 */
export function errors<T extends Rows>(rows: T): ErrorTable<T> {
  const made = Object.entries(rows).map(([code, explain]) => {
    const make = (args: unknown, options?: { cause?: unknown }) => {
      const error = new SamocodeError(code, args, explain(args), options);
      // The stack begins where it is thrown.
      Error.captureStackTrace(error, make);
      return error;
    };
    const is = (error: unknown) => error instanceof SamocodeError && error.code === code;
    return [code, Object.assign(make, { is, explain })] as const;
  });
  return Object.fromEntries(made) as ErrorTable<T>;
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
