import * as z from 'zod';
import { SANDBOX_LEVELS } from '../base/sandbox-level.ts';

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
  /** Runs the test files inserted for `{files}`. */
  files: z.string().optional(),
  /** Folders made by SETUP, cached for the next clone. */
  setupCache: z.array(z.string()),
});
export type Proving = z.infer<typeof Proving>;

export const CheckRun = z.object({
  command: z.string(),
  /** SETUP of a clone, before the checks. */
  isSetup: z.literal(true).optional(),
  /** Null: ended by a signal or the time limit. */
  exitCode: z.int().nullable(),
  /** How it failed, in short; absent: it exited with 0. */
  how: z.string().optional(),
  durationMs: z.number(),
  /** SHA-256 of all standard output and errors. */
  outputHash: z.string(),
  outputBytes: z.int(),
  /** The file of the output, below the run folder. */
  output: z.string(),
  /** Its last few lines, without values of variables named like secrets. */
  tail: z.string().optional(),
});
export type CheckRun = z.infer<typeof CheckRun>;

export const ProvedRequirement = z.object({
  id: z.string(),
  text: z.string(),
  /** A command of the full set, or `reviewed`. */
  check: z.string(),
});
export type ProvedRequirement = z.infer<typeof ProvedRequirement>;

/** A completed set of checks: the record of what was shown of which commit. */
export const ChecksRan = z.object({
  /**
   * base: all checks on the session's base commit. fast: a few, for the next agent. full: what done requires.
   * added: one command per test file extended by the work, with those files on the base.
   * merge: all checks on the branch merged with its base.
   */
  set: z.enum(['base', 'fast', 'full', 'added', 'merge']),
  iteration: z.int().optional(),
  in: z.enum(CHECK_PLACES),
  commit: z.string(),
  tree: z.string(),
  runs: z.array(CheckRun),
  sandbox: z.enum(SANDBOX_LEVELS),
  /** The test files of `added`, in the order of the commands, and their common fingerprint. */
  added: z.object({ files: z.array(z.string()), key: z.string() }).optional(),
});
export type ChecksRan = z.infer<typeof ChecksRan>;

/** The folders and identity for the commands of a set. */
export interface ProofFolders {
  /** The only folder they may change. Absolute, without links. */
  clone: string;
  /** Contains their empty home, outside the clone. */
  empty: string;
  /** Folders of the objects the clone borrows. */
  objects: readonly string[];
  /** CHECK_HOME: visible parts of home. */
  ofHome: readonly string[];
  /** The committer for git in the commands. */
  identity: { name: string; email: string } | undefined;
}

/** The state of the base commit: passes; fails; fails, and a person let the session continue. */
export const BaseChecks = z.object({
  result: z.enum(['green', 'red', 'accepted']),
  failed: z.array(z.object({ command: z.string(), how: z.string() })),
});
export type BaseChecks = z.infer<typeof BaseChecks>;

/** A way in which the checks of a branch may show less than those of its base. */
export const Weakening = z.object({
  path: z.string(),
  /** Completes a sentence that begins with the path. */
  what: z.string(),
  /** Identifies the weakening: once accepted, it is not asked about again. */
  key: z.string(),
});
export type Weakening = z.infer<typeof Weakening>;

/** A file of tests and checks of the base that the branch changed, with line counts unless binary. */
export const ChangedTest = z.object({
  path: z.string(),
  added: z.int().optional(),
  removed: z.int().optional(),
});
export type ChangedTest = z.infer<typeof ChangedTest>;

/** Added test files, and those that pass without the work, so they prove nothing. */
export const AddedTests = z.object({ key: z.string(), proveNothing: z.array(z.string()) });
export type AddedTests = z.infer<typeof AddedTests>;

/** The result of the full set on the base. */
export function baseChecksOf(ran: Pick<ChecksRan, 'runs'>): BaseChecks {
  const failed = failedRuns(ran);
  return { result: failed.length === 0 ? 'green' : 'red', failed };
}

/** The added test files that pass on the base. */
export function provesNothing({ runs }: Pick<ChecksRan, 'runs'>, files: readonly string[]): string[] {
  const ofFiles = runs.filter(({ isSetup }) => !isSetup);
  return files.filter((_, at) => ofFiles[at]?.exitCode === 0);
}

export function failedRuns({ runs }: Pick<ChecksRan, 'runs'>): { command: string; how: string }[] {
  return runs.flatMap(({ command, how }) => (how === undefined ? [] : [{ command, how }]));
}
