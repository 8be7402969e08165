import * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { TRAVELLING } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { isFolderName } from '../../../core/session/layout/names.ts';
import type { StateSummary } from './board.ts';

/** Work of a session that its state does not include: it stays on the machine that saved the state. */
export const LeftWork = z.object({
  /** `bytes` is absent for a folder with too many new files (`deps/*`). */
  files: z.array(z.object({ path: z.string(), bytes: z.int().optional() })).optional(),
  /** Submodules that may have changes, and other repositories in the worktree. */
  submodules: z.array(z.string()).optional(),
  /** The number of files and submodules beyond those named. */
  more: z.int().optional(),
});
export type LeftWork = z.infer<typeof LeftWork>;

/** What a worker knew when it kept a state: the message of its commit, one line of JSON. */
export const KeptState = z.object({
  id: z.string(),
  folder: z.string(),
  branch: z.string().optional(),
  head: z.string().optional(),
  /** The number of the last event. */
  n: z.int(),
  lease: z.int(),
  /** The kind of its status, or `archived`. */
  status: z.string(),
  phase: z.string(),
  iteration: z.int(),
  at: z.iso.datetime(),
  left: LeftWork.optional(),
  /** The checkpoints to which the session can be rewound, by their names below its prefix. */
  checkpoints: z.record(z.string(), z.string()).optional(),
});
export type KeptState = z.infer<typeof KeptState>;

export const SessionId = z.string().regex(/^[\dA-HJKMNP-TV-Z]{26}$/);
/** A name of a commit that git takes for nothing else: neither for an option nor for a ref. */
export const CommitName = z.string().regex(/^(?:[\da-f]{40}|[\da-f]{64})$/);
const Summary: z.ZodType<StateSummary> = z.object({
  status: z.string(),
  phase: z.string(),
  iteration: z.int(),
  at: z.iso.datetime(),
});

/** The message of a published state: one line of JSON. */
export const StateManifest = z.object({
  v: z.literal(1),
  id: SessionId,
  /** The root commit of the project. */
  project: CommitName,
  folder: z.string().refine(isFolderName),
  branch: z.string().optional(),
  head: CommitName.optional(),
  /** The number of the last event in the state. */
  n: z.int().nonnegative(),
  /** The number of the lease under which the state was saved. */
  lease: z.int().nonnegative(),
  /** The host that has the session; absent while no host has it. */
  host: z.string().optional(),
  hostName: z.string().optional(),
  epoch: z.int().nonnegative(),
  wanted: z.boolean(),
  needs: z.array(z.string()),
  card: Summary,
  /** The work that stayed on a machine, by its name. Only shown, so a malformed value counts as absent. */
  left: LeftWork.extend({ on: z.string() }).optional().catch(undefined),
  /** The checkpoints to which the session can be rewound, by their names; they are parents of the state's commit. */
  checkpoints: z.record(z.string().regex(TRAVELLING), CommitName).optional().catch(undefined),
  version: z.string(),
});
export type StateManifest = z.infer<typeof StateManifest>;

export type ManifestReading =
  | { kind: 'manifest'; manifest: StateManifest }
  | { kind: 'newer' }
  | { kind: 'malformed' };

export function stateManifestText(manifest: StateManifest): string {
  return JSON.stringify(StateManifest.parse(manifest));
}

export function readStateManifest(text: string): ManifestReading {
  const json = parseJson(text);
  const { success, data } = StateManifest.safeParse(json);
  if (success) return { kind: 'manifest', manifest: data };
  const isNewer = z.object({ v: z.int().gt(1) }).safeParse(json).success;
  return { kind: isNewer ? 'newer' : 'malformed' };
}
