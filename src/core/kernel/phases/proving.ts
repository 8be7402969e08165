import * as z from 'zod';
import { SANDBOX_LEVELS } from '../sandbox-level.ts';
import { Application } from './application.ts';

/** Strictest first. */
export const CHECK_PLACES = ['clone', 'worktree'] as const;

export const Proving = z.object({
  in: z.enum(CHECK_PLACES),
  /** Checks that also run after each implementation iteration. */
  fast: z.array(z.string()),
  /** Ignored names copied from MAIN_REPO into a clone. */
  copy: z.array(z.string()),
  /** The only paths below home that commands in a clone see. */
  home: z.array(z.string()).optional(),
  timeoutMs: z.number(),
  setup: z.string().optional(),
  /** A command that runs the test files inserted for `{files}`. */
  files: z.string().optional(),
  /** The services beside which agents and checks run. */
  application: Application.optional(),
});
export type Proving = z.infer<typeof Proving>;

export const CheckRun = z.object({
  command: z.string(),
  /** SETUP of a clone, before the checks. */
  isSetup: z.literal(true).optional(),
  /** Null: ended by a signal or the time limit. */
  exitCode: z.int().nullable(),
  /** The kind of failure, in short; absent: it exited with 0. */
  how: z.string().optional(),
  /** It fails in the same way on the base commit, and a person accepted that. */
  redBefore: z.literal(true).optional(),
  /** On the base: without SETUP, it passes only beside the ignored folders of the main checkout. */
  lacksSetup: z.literal(true).optional(),
  durationMs: z.number(),
  /** SHA-256 of all of stdout and stderr. */
  outputHash: z.string(),
  outputBytes: z.int(),
  /** The file with the output, below the run folder. */
  output: z.string(),
  /** The output's last few lines, without values of variables named like secrets. */
  tail: z.string().optional(),
});
export type CheckRun = z.infer<typeof CheckRun>;

/** A check that fails on branch and base with one exit status, and says something else. */
export const OtherFailure = z.object({
  command: z.string(),
  how: z.string(),
  /** Fingerprint of what both say, without numbers and the like: an answer holds for this pair. */
  key: z.string(),
  /** The ends of both outputs. */
  onBranch: z.string(),
  onBase: z.string(),
});
export type OtherFailure = z.infer<typeof OtherFailure>;

/** A completed set of checks: the record of the proof of a commit. */
export const ChecksRan = z.object({
  /**
   * base: all checks on the session's base commit. fast: a few, for the next agent. full: the set that done
   * requires. added: one command per test file extended by the work, with those files on the base. merge: all
   * checks on the branch merged with its base.
   */
  set: z.enum(['base', 'fast', 'full', 'added', 'merge']),
  iteration: z.int().optional(),
  in: z.enum(CHECK_PLACES),
  commit: z.string(),
  tree: z.string(),
  runs: z.array(CheckRun),
  /** The time at which they ran, if an earlier session from the same commit ran them. */
  ranAt: z.iso.datetime().optional(),
  sandbox: z.enum(SANDBOX_LEVELS),
  /** Of a base: neither its place nor a variable led to the main checkout; absent in logs of earlier versions. */
  fresh: z.literal(true).optional(),
  /** The number of unsigned commits on the branch, if the user signs theirs. */
  unsigned: z.int().optional(),
  /** The test files of `added`, in the order of the commands, and their common fingerprint. */
  added: z.object({ files: z.array(z.string()), key: z.string() }).optional(),
  /** The failed checks that a person let stay red, on the base right after this set. */
  onBase: z
    .object({ commit: z.string(), runs: z.array(CheckRun), others: z.array(OtherFailure).optional() })
    .optional(),
});
export type ChecksRan = z.infer<typeof ChecksRan>;

/** The folders and identity for the commands of a set. */
export interface ProofFolders {
  /** The only folder that the commands may change. Absolute, without links. */
  clone: string;
  /** Contains their empty home, outside the clone. */
  empty: string;
  /** The object folders from which the clone borrows. */
  objects: readonly string[];
  /** CHECK_HOME: visible parts of home. */
  ofHome: readonly string[];
  /** The committer for git in the commands. */
  identity: { name: string; email: string } | undefined;
}

const FailedRun = CheckRun.pick({
  command: true,
  isSetup: true,
  exitCode: true,
  output: true,
  tail: true,
  lacksSetup: true,
});

const BaseChoice = z.enum(['fix', 'leave']);

/** The result of the full set on the base commit, and a person's decision about it. */
export const BaseChecks = z.object({
  /** `unrunnable`: SETUP fails or a program is missing, which no agent can change. */
  result: z.enum(['green', 'red', 'unrunnable']),
  failed: z.array(FailedRun.extend({ how: z.string() })),
  fresh: z.literal(true).optional(),
  /** `fix`: the task includes it. `leave`: the checks may still fail at the end. */
  choice: BaseChoice.optional(),
  /** Failures that are perhaps not those of the base. */
  others: z.array(OtherFailure.extend({ choice: BaseChoice.optional() })).optional(),
});
export type BaseChecks = z.infer<typeof BaseChecks>;

/** Added test files; `proveNothing`: those that pass even without the work. */
export const AddedTests = z.object({ key: z.string(), proveNothing: z.array(z.string()) });
export type AddedTests = z.infer<typeof AddedTests>;

/** The result of the full set on the base. */
export function baseChecksOf({ fresh, ...ran }: Pick<ChecksRan, 'runs' | 'fresh'>): BaseChecks {
  const failed = failedRuns(ran).map((run) => ({ ...FailedRun.parse(run), how: run.how }));
  const result = failed.some(cannotRun) ? 'unrunnable' : failed.length === 0 ? 'green' : 'red';
  return { result, failed, ...(fresh && { fresh }) };
}

/** The shell's exit statuses for a program that cannot be started, or is not found. */
const NOT_STARTED: readonly (number | null)[] = [126, 127];

function cannotRun({ isSetup, exitCode }: Pick<CheckRun, 'isSetup' | 'exitCode'>): boolean {
  return isSetup === true || NOT_STARTED.includes(exitCode);
}

/** Whether checks that pass on the base might pass because of the main checkout, as an earlier version ran them. */
export function isStale(base: BaseChecks): boolean {
  return base.result === 'green' && base.fresh === undefined;
}

/** Whether checks fail on the base and no decision about that is recorded yet. */
export function isUndecided(base: BaseChecks | undefined): base is BaseChecks {
  return base?.result === 'red' && base.choice === undefined;
}

/** Whether a person accepted that this check may fail as it does on the base: a claim to be shown on each proof. */
export function mayStayRed(
  { command, how, isSetup }: Pick<CheckRun, 'command' | 'how' | 'isSetup'>,
  base: BaseChecks | undefined,
): boolean {
  if (base?.choice !== 'leave' || how === undefined || isSetup) return false;
  return base.failed.some((failed) => failed.command === command);
}

/** Whether a check that fails on the branch fails just so on the base, where it ran a moment ago. */
export function isNoWorse({ exitCode }: CheckRun, onBase: CheckRun | undefined): boolean {
  if (onBase?.how === undefined || onBase.exitCode === null || cannotRun(onBase)) return false;
  return onBase.exitCode === exitCode;
}

/** The words of reports for a check that fails as it did before the work. */
export const RED_AFTER = 'red before, red after';

export const MAX_OUTSIDE_PLAN = 100;
export const MAX_CHANGED_TESTS = 1000;

/** A line that ends a cut list of changed tests. */
export function cutTests({ length }: readonly unknown[]): string[] {
  return length < MAX_CHANGED_TESTS ? [] : [`cut here: ${MAX_CHANGED_TESTS} changed files are named`];
}

export function redAfter({ runs }: Pick<ChecksRan, 'runs'>): string[] {
  return runs.flatMap(({ command, redBefore }) => (redBefore ? [command] : []));
}

export function provesNothing({ runs }: Pick<ChecksRan, 'runs'>, files: readonly string[]): string[] {
  const ofFiles = runs.filter(({ isSetup }) => !isSetup);
  return files.filter((_, at) => ofFiles[at]?.exitCode === 0);
}

/** The failed runs, except those that were red before the work and may stay red. */
export function failedRuns({ runs }: Pick<ChecksRan, 'runs'>): (CheckRun & { how: string })[] {
  return runs.flatMap((run) => {
    const { how, redBefore } = run;
    return how === undefined || redBefore ? [] : [{ ...run, how }];
  });
}
