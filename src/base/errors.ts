import type { NextStep } from './acts.ts';
import { visibleControls } from './plain-words.ts';

/**
 * A failure we expect and can explain: what happened, why, and what to do next.
 * The words are ours; text from an agent, a file or the network belongs in `cause`, never in them. What a caller
 * wrote may be quoted: its control characters are shown as escapes.
 */
export abstract class SamocodeError extends Error {
  /** Stable snake_case name that programs may branch on. */
  abstract readonly code: string;

  readonly what: string;
  readonly why: string;
  /** What to do outside of samocode, in a sentence that fits every face; may be empty where `next` says it all. */
  readonly hint: string;
  /** What to do with samocode; each face words it. */
  readonly next: readonly NextStep[] = [];

  constructor(what: string, why: string, hint: string, options?: { cause?: unknown }) {
    super(visibleControls(`${what} ${why} ${hint}`.trim()), options);
    this.name = new.target.name;
    this.what = visibleControls(what);
    this.why = visibleControls(why);
    this.hint = visibleControls(hint);
  }
}

/** What a row of an error table gives. */
export interface Explanation {
  what: string;
  why: string;
  hint?: string;
  next?: readonly NextStep[];
}

/** An error of a table, with the arguments that it was made of. */
export class ExplainedError<Code extends string = string, Args = unknown> extends SamocodeError {
  readonly code: Code;
  readonly args: Args;
  override readonly next: readonly NextStep[];

  constructor(
    code: Code,
    args: Args,
    { what, why, hint = '', next = [] }: Explanation,
    options?: { cause?: unknown },
  ) {
    super(what, why, hint, options);
    this.name = code;
    this.code = code;
    this.args = args;
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
  ): ExplainedError<Code, Args>;
  is(error: unknown): error is ExplainedError<Code, Args>;
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
      const error = new ExplainedError(code, args, explain(args), options);
      // The stack begins where it is thrown.
      Error.captureStackTrace(error, make);
      return error;
    };
    const is = (error: unknown) => error instanceof ExplainedError && error.code === code;
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
