import type { NextStep } from '../../kernel/acts.ts';
import { isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fileRefused } from '../../kernel/files/refused-file.ts';
import { ASK_LIMIT_MS } from '../../sandbox/programs/preflight.ts';
import type { ActionContext } from '../context/context.ts';
import { NOTHING } from '../errors/start-errors.ts';

export interface DoctorCheck {
  /** Stable, for programs: `cli.claude`, `git.identity`, … */
  id: string;
  level: 'ok' | 'warn' | 'fail';
  found: string;
  /** The text for a summary; a check without one is shown only if something is wrong. */
  brief?: string;
  /** Missing, but not needed. */
  isAbsent?: true;
  /** Useful only for finding the cause. */
  details?: string;
  fix?: string;
  /** The fix as samocode steps; each interface renders them in its own way. */
  next?: readonly NextStep[];
}

/** A group of `samocode doctor`. It costs nothing, starts nothing and throws nothing. */
export interface CheckGroup {
  title: string;
  checks(context: ActionContext): Promise<readonly DoctorCheck[]>;
}

declare module '../../kernel/extension.ts' {
  interface Extension {
    /** Comes after the group of the supervisor. */
    checks?: CheckGroup;
  }
}

export const ok = (id: string, found: string, brief?: string): DoctorCheck => ({
  id,
  level: 'ok',
  found,
  brief,
});
export const absent = (id: string, found: string, brief = found): DoctorCheck => ({
  ...ok(id, found, brief),
  isAbsent: true,
});
const problemAt =
  (level: 'warn' | 'fail') =>
  (id: string, found: string, fix: string): DoctorCheck => ({ id, level, found, fix });
export const warn = problemAt('warn');
export const fail = problemAt('fail');
export const warnIf = (isDue: boolean, id: string, found: string, fix: string): DoctorCheck[] =>
  isDue ? [warn(id, found, fix)] : [];
/** A refusal as a check: the same words, without those about a start. */
export const failed = (id: string, { what, why, hint, next }: SamocodeError): DoctorCheck => ({
  id,
  level: 'fail',
  found: what === NOTHING ? why : `${what} ${why}`,
  fix: hint,
  next,
});

/** A requirement as checks: `found` shows that it is met; a refusal, also of a file, is a failed check. */
export async function checked<T>(
  id: string,
  require: () => T | Promise<T>,
  found: (value: T) => readonly DoctorCheck[] = () => [],
): Promise<readonly DoctorCheck[]> {
  try {
    return found(await require());
  } catch (error) {
    if (isSamocodeError(error)) return [failed(id, error)];
    if (systemErrorCode(error) === undefined) throw error;
    return [failed(id, fileRefused(error))];
  }
}

/** For what no session needs. */
export const onlyWarned = (checks: readonly DoctorCheck[]): DoctorCheck[] =>
  checks.map((check) => (check.level === 'fail' ? { ...check, level: 'warn' } : check));

/** The facts that the checks read from the machine; tests pass others. */
export interface Machine {
  platform: NodeJS.Platform;
  uid: number | undefined;
  nodeVersion: string;
  root: string;
  /** How long an agent CLI may take to answer a question. */
  answerLimitMs: number;
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.(),
    nodeVersion: process.versions.node,
    root: '/',
    answerLimitMs: ASK_LIMIT_MS,
  };
}
