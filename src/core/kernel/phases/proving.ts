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
  /** Of an earlier version: nothing reads it. */
  files: z.string().optional(),
  /** The services beside which agents and checks run. */
  application: Application.optional(),
  /** The tests of the base are not tried on the work. */
  oldTests: z.literal('off').optional(),
  /** The tests of the work are not tried without it. */
  bite: z.literal('off').optional(),
});
export type Proving = z.infer<typeof Proving>;

const OneRun = z.object({
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

export const CheckRun = OneRun.extend({
  /** It failed; this is how it ended when it was repeated, alone, on another fresh clone. */
  again: OneRun.omit({ command: true, isSetup: true, redBefore: true, lacksSetup: true }).optional(),
  /** It passed when it was repeated, and was seen to fail and to pass on the base commit too. */
  unsteady: z.literal(true).optional(),
});
export type CheckRun = z.infer<typeof CheckRun>;

/** A check that fails on branch and base with one exit status, and says something else. */
export const OtherFailure = z.object({
  command: z.string(),
  how: z.string(),
  /** Fingerprint of both outputs. */
  key: z.string(),
  /** The outputs of the branch, kept: an answer holds for what they say. Absent in logs of earlier versions. */
  said: z.array(OneRun.pick({ output: true, outputBytes: true, outputHash: true })).optional(),
  /** The ends of both outputs. */
  onBranch: z.string(),
  onBase: z.string(),
});
export type OtherFailure = z.infer<typeof OtherFailure>;

/**
 * What of a branch is as on the base while its work is checked. tests: the tests. checks: also whatever else may say what
 * checks do. gained: the same, but for manifests that gained dependencies and differ in nothing else.
 */
export const READINGS = ['tests', 'checks', 'gained'] as const;
export type CellReading = (typeof READINGS)[number];

/** What the checks of the base say of the work: of a commit that no branch has. */
export const CellResult = z.object({
  reading: z.enum(READINGS),
  /** `says`: the fingerprint of what the command printed. */
  red: z.object({ command: z.string(), says: z.string() }).optional(),
  /** Why it shows nothing. */
  untried: z.string().optional(),
  /** Commands that pass and no longer print lines that they print on the base: tests may not run any more. */
  unlike: z.array(z.string()).optional(),
});
export type CellResult = z.infer<typeof CellResult>;

/** A cell and its result, for as long as the content is the same. */
export const KnownCell = CellResult.omit({ reading: true, red: true }).extend({
  tree: z.string(),
  red: z
    .object({
      command: z.string(),
      says: z.string(),
      how: z.string(),
      output: z.string(),
      tail: z.string().optional(),
    })
    .optional(),
});
export type KnownCell = z.infer<typeof KnownCell>;

/** What commands say without the work: on its base, with tests and all that may say what checks do as on the branch. */
export const Bite = z.object({
  /** Those that pass: none of them notices the work. */
  passed: z.array(z.string()),
  red: z.array(OneRun.pick({ command: true, tail: true }).extend({ how: z.string() })),
  /** Why they say nothing. */
  untried: z.string().optional(),
});
export type Bite = z.infer<typeof Bite>;

/** With the fingerprint of content and commands: for the same, nothing runs again. */
export const KnownBite = Bite.extend({ key: z.string() });

/** A completed set of checks: the record of the proof of a commit. */
export const ChecksRan = z.object({
  /**
   * base: all checks on the session's base commit. fast: a few, for the next agent. full: the set that done
   * requires. added: with `cell`, the checks of the base on the work; with `bite`, those of the work on the base.
   * merge: all checks on the branch merged with its base.
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
  /** Of an earlier version, which ran test files of the work on the base one by one: nothing reads it. */
  added: z.object({ files: z.array(z.string()), key: z.string() }).optional(),
  cell: CellResult.optional(),
  bite: KnownBite.pick({ key: true, untried: true }).optional(),
  /** On the base right after this set: failed checks that a person let stay red, and those that passed when repeated. */
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
  again: true,
}).extend(CheckRun.pick({ outputBytes: true, outputHash: true }).partial().shape);

const BaseChoice = z.enum(['fix', 'leave']);

/** A command that passed, and the file with what it printed. */
export const PassedRun = OneRun.pick({ command: true, output: true, outputBytes: true, outputHash: true });
export type PassedRun = z.infer<typeof PassedRun>;

export function passedRuns(runs: readonly CheckRun[]): PassedRun[] {
  const passed = runs.filter(({ how, isSetup }) => how === undefined && !isSetup);
  return passed.map((run) => PassedRun.parse(run));
}

/** The result of the full set on the base commit, and a person's decision about it. */
export const BaseChecks = z.object({
  /** `unrunnable`: SETUP fails or a program is missing, which no agent can change. */
  result: z.enum(['green', 'red', 'unrunnable']),
  failed: z.array(FailedRun.extend({ how: z.string() })),
  /** How long all of them took; absent in states of earlier versions. */
  tookMs: z.number().optional(),
  /** Commands that failed there, and passed when they were repeated. */
  unsteady: z.array(z.string()).optional(),
  passed: z.array(PassedRun).optional(),
  fresh: z.literal(true).optional(),
  /** `fix`: the task includes it. `leave`: the checks may still fail at the end. */
  choice: BaseChoice.optional(),
  /** Failures that are perhaps not those of the base. */
  others: z.array(OtherFailure.extend({ choice: BaseChoice.optional() })).optional(),
});
export type BaseChecks = z.infer<typeof BaseChecks>;

/** The result of the full set on the base. */
export function baseChecksOf({ fresh, ...ran }: Pick<ChecksRan, 'runs' | 'fresh'>): BaseChecks {
  const failed = failedRuns(ran).map((run) => ({ ...FailedRun.parse(run), how: run.how }));
  const result = failed.some(cannotRun) ? 'unrunnable' : failed.length === 0 ? 'green' : 'red';
  const unsteady = unsteadyIn(ran);
  const passed = passedRuns(ran.runs);
  const open = unsteady.length > 0 && { unsteady };
  const tookMs = ran.runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return { result, failed, passed, tookMs, ...open, ...(fresh && { fresh }) };
}

/** The shell's exit statuses for a program that cannot be started, or is not found. */
const NOT_STARTED: readonly (number | null)[] = [126, 127];

export function cannotRun({ isSetup, exitCode }: Pick<CheckRun, 'isSetup' | 'exitCode'>): boolean {
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
  return onBase !== undefined && failsItself(onBase) && onBase.exitCode === exitCode;
}

/** It ran and found something: a program that is not there, or a SETUP that fails, says nothing about the work. */
export function failsItself(run: Pick<CheckRun, 'how' | 'isSetup' | 'exitCode'>): boolean {
  return run.how !== undefined && run.exitCode !== null && !cannotRun(run);
}

/** Whether it failed, and passed when it was repeated. */
export function isRedThenGreen({ how, again }: Pick<CheckRun, 'how' | 'again'>): boolean {
  return how !== undefined && again !== undefined && again.how === undefined;
}

/** The words of reports for a check that fails as it did before the work. */
export const RED_AFTER = 'red before, red after';

/** The words of reports for a check that failed and then passed, as it does on the base. */
export const UNSTEADY = 'unsteady, on the base too';

/** What reports add to a failed check that counts as passed. */
export function openWords({ redBefore, unsteady }: Pick<CheckRun, 'redBefore' | 'unsteady'>) {
  return redBefore ? RED_AFTER : unsteady ? UNSTEADY : undefined;
}

export const MAX_OUTSIDE_PLAN = 100;
export const MAX_CHANGED_TESTS = 1000;

/** A line that ends a cut list of changed tests. */
export function cutTests({ length }: readonly unknown[]): string[] {
  return length < MAX_CHANGED_TESTS ? [] : [`cut here: ${MAX_CHANGED_TESTS} changed files are named`];
}

export function redAfter({ runs }: Pick<ChecksRan, 'runs'>): string[] {
  return runs.flatMap(({ command, redBefore }) => (redBefore ? [command] : []));
}

export function unsteadyIn({ runs }: Pick<ChecksRan, 'runs'>): string[] {
  return runs.flatMap(({ command, unsteady }) => (unsteady ? [command] : []));
}

/** Each output of some runs, that of a repetition too. */
export function outputsOf(runs: readonly CheckRun[]): string[] {
  return runs.flatMap(({ output, again }) => [output, ...(again ? [again.output] : [])]);
}

/** What a set says of the work that it ran without. */
export function biteOf({ runs }: { runs: readonly CheckRun[] }): Omit<Bite, 'untried'> {
  const ran = runs.filter(({ isSetup }) => !isSetup);
  return {
    passed: ran.flatMap(({ command, how }) => (how === undefined ? [command] : [])),
    red: ran.flatMap(({ command, how, tail }) => (how === undefined ? [] : [{ command, how, tail }])),
  };
}

/** The failed runs, except those that were red before the work and may stay red, and the unsteady ones. */
export function failedRuns({ runs }: Pick<ChecksRan, 'runs'>): (CheckRun & { how: string })[] {
  return runs.flatMap((run) => {
    const { how, redBefore, unsteady } = run;
    return how === undefined || redBefore || unsteady ? [] : [{ ...run, how }];
  });
}
