import type { NextStep } from './acts.ts';
import { visibleControls } from './text.ts';

/** The result of a row of an error table: what happened, why, and what to do next. */
export interface Explanation {
  what: string;
  why: string;
  /** Advice about things outside samocode, for a person; not needed if `next` covers it. */
  hint?: string;
  /** The same for a model, where that is another sentence. */
  modelHint?: string;
  /** Acts that help; server and CLI each render them in their own form. */
  next?: readonly NextStep[];
}

/**
 * An expected failure, made by a row of an error table.
 * Its text is ours; text from an agent, a file or the network belongs in `cause`. A caller's text may be quoted:
 * its control characters are shown as escapes.
 */
export class SamocodeError<Code extends string = string, Args = unknown> extends Error {
  /** Stable snake_case name for programs to branch on. */
  readonly code: Code;
  readonly args: Args;
  readonly what: string;
  readonly why: string;
  readonly hint: string;
  readonly modelHint: string;
  readonly next: readonly NextStep[];

  constructor(
    code: Code,
    args: Args,
    { what, why, hint = '', modelHint = hint, next = [] }: Explanation,
    options?: { cause?: unknown },
  ) {
    super(visibleControls(`${what} ${why} ${hint}`.trim()), options);
    this.name = code;
    this.code = code;
    this.args = args;
    this.what = visibleControls(what);
    this.why = visibleControls(why);
    this.hint = visibleControls(hint);
    this.modelHint = visibleControls(modelHint);
    this.next = next;
  }
}

/** @property what absent: the table names it for all its rows */
type Row = Omit<Explanation, 'what'> & Partial<Pick<Explanation, 'what'>>;
// biome-ignore lint/suspicious/noExplicitAny: each row names its own arguments
type Rows<R = Row> = Readonly<Record<string, (args: any) => R>>;
type ArgsOf<Explain> = Explain extends () => Row
  ? undefined
  : Explain extends (args: infer A) => unknown
    ? A
    : never;

/** Creates and recognizes errors of one code. */
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
 * The expected failures of a room: each row explains one code from its arguments.
 * `throw WORKTREE_ERRORS.base_not_found({ base })`; `if (WORKTREE_ERRORS.base_not_found.is(error)) …`.
 * @param what what happened, of rows that do not say it
 */
export function errors<T extends Rows<Explanation>>(rows: T): ErrorTable<T>;
export function errors<T extends Rows>(what: string, rows: T): ErrorTable<T>;
export function errors<T extends Rows>(...given: [T] | [string, T]): ErrorTable<T> {
  const [what, rows] = given.length === 1 ? ['', ...given] : given;
  const made = Object.entries(rows).map(([code, row]) => {
    const explain = (args: unknown) => ({ what, ...row(args) });
    const make = (args: unknown, options?: { cause?: unknown }) => {
      const error = new SamocodeError(code, args, explain(args), options);
      // The stack starts at the caller.
      Error.captureStackTrace(error, make);
      return error;
    };
    const is = (error: unknown) => error instanceof SamocodeError && error.code === code;
    return [code, Object.assign(make, { is, explain })] as const;
  });
  return Object.fromEntries(made) as ErrorTable<T>;
}

/** The `code` of a Node system error (`ENOENT`, `EEXIST`, …); undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Returns undefined if the file or folder does not exist. */
export async function ifExists<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Like `ifExists`, for a synchronous call. */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Undefined after any error. */
export function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function isAbsence(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function isSamocodeError(error: unknown): error is SamocodeError {
  return error instanceof SamocodeError;
}
