import type { NextStep } from './acts.ts';
import { errors, type SamocodeError } from './errors.ts';

export const BASE_ERRORS = errors({
  file_refused: ({ path = 'a file', refusal, code, fix, then = 'try again' }: RefusedFile) => ({
    what: 'A file could not be read or written.',
    why: `${refusal}: ${path} (${code}).`,
    hint: `${fix}, then ${then}.`,
  }),
  file_rewritten: ({ path }: { path: string }) => ({
    what: `Nothing was written to ${path}.`,
    why: 'Another program changed or removed what samocode had written there.',
    hint: 'Restore it from a backup.',
  }),
  lease_held: ({ pid, hostId, since, isHere }: HeldLease) => ({
    what: 'The lease was not taken.',
    why: isHere
      ? `Process ${pid} has held it since ${since}.`
      : `A process of another machine or container (${hostId}) has held it since ${since}.`,
    hint: isHere ? 'Act through that process, or end it.' : '',
    next: isHere ? [] : [{ act: 'take_over', when: 'if that machine is gone for good' }],
  }),
  lease_lost: ({ number }: { number: number }) => ({
    what: 'Nothing was written.',
    why: `Another process has taken over lease ${number}.`,
    hint: 'End this process.',
  }),
  place_away: ({ dir }: { dir: string }) => ({
    what: 'Nothing was written.',
    why: `${dir} is not on the disk on which it was opened, which may have been unmounted.`,
    hint: 'Mount it again: the session then continues.',
  }),
  lease_numbers_spent: ({ dir }: { dir: string }) => ({
    what: 'The lease was not taken.',
    why: `The highest number in ${dir}, or in the event log of the session, leaves no higher one: it was written by hand.`,
    hint: 'Remove that lease file, or the last lines of the event log that name it.',
  }),
  // On exFAT, and in shared folders of virtual machines.
  no_hard_links: ({ folder }: { folder: string }) => ({
    what: 'A file was not created.',
    why: `The file system of ${folder} has no hard links, which samocode needs to create a file exactly once.`,
    hint: 'Set SESSIONS in .samocode to a folder on another disk.',
  }),
  several_problems: ({ what, problems, next }: SeveralProblems) => ({
    what,
    why: problems.map((problem, index) => `${index + 1}. ${sentences(problem, what)}`).join('\n'),
    hint: 'Fix them, then try again.',
    next,
  }),
});

/** Returns a single problem unchanged, and several as one error that lists them. @param what what they prevented */
export function asOneError(problems: readonly SamocodeError[], what: string): SamocodeError {
  const [only] = problems;
  if (only !== undefined && problems.length === 1) return only;
  return BASE_ERRORS.several_problems({ what, problems, next: distinctSteps(problems) });
}

interface SeveralProblems {
  what: string;
  problems: readonly SamocodeError[];
  next: readonly NextStep[];
}

function distinctSteps(problems: readonly SamocodeError[]): NextStep[] {
  const steps = problems.flatMap(({ next }) => next).toReversed();
  const keyOf = ({ act, session, args }: NextStep) => JSON.stringify([act, session, args]);
  return [...new Map(steps.map((step) => [keyOf(step), step])).values()].toReversed();
}

function sentences({ what, why, hint }: SamocodeError, said: string): string {
  return [what === said ? '' : what, why, hint].filter(Boolean).join(' ');
}

export interface RefusedFile {
  path?: string;
  refusal: string;
  code: string;
  fix: string;
  then?: string;
}

interface HeldLease {
  number: number;
  pid: number;
  hostId: string;
  since: string;
  /** Whether the owner is known to be alive; if false, that can't be determined from here. */
  isHere: boolean;
}
