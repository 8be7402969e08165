import type { NextStep } from '../../base/acts.ts';
import type { SamocodeError } from '../../base/errors.ts';

/** One line of the doctor's report. */
export interface DoctorCheck {
  /** Stable, for programs: `cli.claude`, `git.identity`, … */
  id: string;
  level: 'ok' | 'warn' | 'fail';
  /** What was found, one sentence. */
  found: string;
  /** What only somebody wants who looks for the cause. */
  details?: string;
  /** What to do about it; absent when all is well. */
  fix?: string;
  /** The same with samocode; each face words it. */
  next?: readonly NextStep[];
}

export const ok = (id: string, found: string): DoctorCheck => ({ id, level: 'ok', found });
export const warn = (id: string, found: string, fix: string): DoctorCheck => ({
  id,
  level: 'warn',
  found,
  fix,
});
/** A warning where it is due, and nothing else. */
export const warnIf = (isDue: boolean, id: string, found: string, fix: string): DoctorCheck[] =>
  isDue ? [warn(id, found, fix)] : [];
export const fail = (id: string, found: string, fix: string): DoctorCheck => ({
  id,
  level: 'fail',
  found,
  fix,
});

/** What an expected failure says. */
export const failed = (id: string, { what, why, hint, next }: SamocodeError): DoctorCheck => ({
  id,
  level: 'fail',
  found: `${what} ${why}`,
  fix: hint,
  next,
});

/** What the checks ask the machine for; tests hand in another one. */
export interface Machine {
  platform: NodeJS.Platform;
  /** Undefined where there are no users of this kind. */
  uid: number | undefined;
  nodeVersion: string;
  /** Where `/proc` and `/etc` are found. */
  root: string;
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.(),
    nodeVersion: process.versions.node,
    root: '/',
  };
}
