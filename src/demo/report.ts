import type { BranchWork, TestRun } from './inspect.ts';

/** What a demo came to: `samocode demo --json`. */
export interface DemoReport {
  /** Feature there, its tests pass there, main checkout untouched. */
  ok: boolean;
  /** What is missing, in words; empty when ok. */
  problems: string[];
  session: string;
  branch: string;
  phases: string[];
  iterations: number;
  seconds: number;
  answers: { id: string; text: string }[];
  plan: string;
  commits: BranchWork['commits'];
  diffStat: string;
  tests: TestRun;
  /** The new command that was tried out. */
  feature: string | null;
  mainUntouched: boolean;
  summary: string;
  toolCalls: Record<string, number>;
  /** Absent when the folder was removed. */
  places?: { root: string; repo: string; worktree: string; sessionDir: string };
}

export type DemoFacts = Omit<DemoReport, 'ok' | 'problems'> & { uncommitted: string };

export function reportFrom({ uncommitted, ...facts }: DemoFacts): DemoReport {
  const problems = [
    ...(facts.feature === null
      ? ['The branch does not hold the feature: a dropped item does not come back.']
      : []),
    ...(facts.tests.exitCode === 0 && facts.tests.passed > 0
      ? []
      : ["The project's tests do not pass on the branch."]),
    ...(facts.mainUntouched ? [] : ['The main checkout was changed.']),
    ...(facts.commits.length > 0 ? [] : ['The branch has no commit.']),
    ...(uncommitted === '' ? [] : ['The worktree has changes that were not committed.']),
  ];
  return { ok: problems.length === 0, problems, ...facts };
}
