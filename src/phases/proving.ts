import * as z from 'zod';
import { SANDBOX_LEVELS } from '../base/sandbox-level.ts';

/** Strictest first. */
export const CHECK_PLACES = ['clone', 'worktree'] as const;

export const Proving = z.object({
  in: z.enum(CHECK_PLACES),
  /** Those of the checks that also run after each implementation iteration. */
  fast: z.array(z.string()),
  /** Ignored names that a clone gets from MAIN_REPO. */
  copy: z.array(z.string()),
  /** Paths below home that a clone's commands see; they see no others. */
  home: z.array(z.string()).optional(),
  timeoutMs: z.number(),
  setup: z.string().optional(),
  /** Runs the test files that stand in the place of `{files}`. */
  files: z.string().optional(),
  /** Folders of SETUP that are kept for the next clone. */
  setupCache: z.array(z.string()),
});
export type Proving = z.infer<typeof Proving>;

export const CheckRun = z.object({
  command: z.string(),
  /** SETUP of a clone, before the checks. */
  isSetup: z.literal(true).optional(),
  /** Null: a signal or the time limit ended it. */
  exitCode: z.int().nullable(),
  /** How it failed, a few words; absent: it exited with 0. */
  how: z.string().optional(),
  durationMs: z.number(),
  /** Standard output and errors as they came: SHA-256 of all of it. */
  outputHash: z.string(),
  outputBytes: z.int(),
  /** The file of the output, below the run folder. */
  output: z.string(),
  /** Its last few lines, without the values of variables that are named like secrets. */
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

/** A set of checks that ran to its end. With this alone it can be said later what was shown of which commit. */
export const ChecksRan = z.object({
  /**
   * base: all of them on the commit that the session began from. fast: a few, for the next agent. full: what done needs.
   * added: a command for each test file that the work has added to, with those files on the base.
   * merge: all of them on the branch merged with its base.
   */
  set: z.enum(['base', 'fast', 'full', 'added', 'merge']),
  iteration: z.int().optional(),
  in: z.enum(CHECK_PLACES),
  commit: z.string(),
  tree: z.string(),
  runs: z.array(CheckRun),
  sandbox: z.enum(SANDBOX_LEVELS),
  /** The test files of `added`, in the order of the commands, and the fingerprint of them all. */
  added: z.object({ files: z.array(z.string()), key: z.string() }).optional(),
});
export type ChecksRan = z.infer<typeof ChecksRan>;

/** What the commands of a set are started with. */
export interface ProofFolders {
  /** The one folder that they may change. Absolute, without links. */
  clone: string;
  /** Holds what they have for an empty home, outside of the clone. */
  empty: string;
  /** Where the objects lie that the clone borrows. */
  objects: readonly string[];
  /** CHECK_HOME: what else of home they see. */
  ofHome: readonly string[];
  /** Who commits, for the git of the commands. */
  identity: { name: string; email: string } | undefined;
}

/** What is known of the base commit: it passes; it fails; it fails, and a person has let the session continue. */
export const BaseChecks = z.object({
  result: z.enum(['green', 'red', 'accepted']),
  failed: z.array(z.object({ command: z.string(), how: z.string() })),
});
export type BaseChecks = z.infer<typeof BaseChecks>;

/** One way in which the checks of a branch may show less than those of its base. */
export const Weakening = z.object({
  path: z.string(),
  /** Completes a sentence that begins with the path. */
  what: z.string(),
  /** The same weakening has the same key: whoever has accepted it is not asked again. */
  key: z.string(),
});
export type Weakening = z.infer<typeof Weakening>;

/** A file of tests and checks that the base has and the branch has changed, with its lines unless it is binary. */
export const ChangedTest = z.object({
  path: z.string(),
  added: z.int().optional(),
  removed: z.int().optional(),
});
export type ChangedTest = z.infer<typeof ChangedTest>;

/** Added test files, and those of them that pass without the work: they prove nothing of it. */
export const AddedTests = z.object({ key: z.string(), proveNothing: z.array(z.string()) });
export type AddedTests = z.infer<typeof AddedTests>;

/** What a run of the full set on the base says of it. */
export function baseChecksOf(ran: Pick<ChecksRan, 'runs'>): BaseChecks {
  const failed = failedRuns(ran);
  return { result: failed.length === 0 ? 'green' : 'red', failed };
}

/** What runs of added test files on the base say of them. */
export function provesNothing({ runs }: Pick<ChecksRan, 'runs'>, files: readonly string[]): string[] {
  const ofFiles = runs.filter(({ isSetup }) => !isSetup);
  return files.filter((_, at) => ofFiles[at]?.exitCode === 0);
}

export function failedRuns({ runs }: Pick<ChecksRan, 'runs'>): { command: string; how: string }[] {
  return runs.flatMap(({ command, how }) => (how === undefined ? [] : [{ command, how }]));
}
