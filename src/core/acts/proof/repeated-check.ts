import type { SetEnd } from '../../project/proving/run-on-clone.ts';

/** What each kind of difference is called in messages. */
export const DIFFERENCES = {
  proof: 'proof',
  branch: 'branch',
  commit: 'commit',
  older_commit: 'proof is for an older commit',
  tree: 'tree',
  base: 'base commit',
  exit_status: 'exit status',
} as const;

export interface Difference {
  what: keyof typeof DIFFERENCES;
  about?: string;
  expected: string;
  found: string;
  lastLines?: string;
}

export interface RepeatedCheck {
  command: string;
  isSetup?: true;
  redBefore?: true;
  /** Absent if the proof does not have this command. */
  expected?: number | null;
  /** Null if a signal or the time limit ended it; absent if it did not run. */
  found?: number | null;
  durationMs?: number;
}

/** The difference to report for a check that did not end as expected. */
export function statusDifference(
  { command, expected = 0, found }: RepeatedCheck,
  { failures }: Pick<SetEnd, 'failures'>,
): Difference {
  const lastLines = failures.find((failure) => failure.command === command)?.lastLines;
  return {
    what: 'exit_status',
    about: command,
    expected: formatStatus(expected),
    found: formatStatus(found),
    lastLines,
  };
}

function formatStatus(status: number | null | undefined): string {
  if (status === undefined) return 'it did not run';
  return status === null ? 'none: a signal or the time limit ended it' : String(status);
}
