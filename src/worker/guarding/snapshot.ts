import { join } from 'node:path';
import * as z from 'zod';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { plainText } from '../../base/files/plain-file.ts';
import { parseJson } from '../../base/parse-json.ts';
import { MainCheckout, readMainCheckout } from '../../project/worktrees/main-checkout.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { RunFolder } from './run-folder.ts';

const WorktreeSeen = z.object({
  /** Equal ones are the same commit and the same bytes. */
  print: z.string(),
  /** The commit that was checked out. */
  head: z.string().optional(),
  /** Its files as a tree; an older worker kept none. */
  tree: z.string().optional(),
});
export type WorktreeSeen = z.infer<typeof WorktreeSeen>;

/** What a child could have changed, as it stood at one moment. What could not be looked at is not there. */
export const Snapshot = z.object({
  worktree: WorktreeSeen.optional(),
  mainCheckout: MainCheckout.optional(),
  /** Fingerprint of the session's documents, its log folder and the worker's own files left out. */
  documents: z.string(),
  /** Before a child; an older worker kept none. */
  runFolder: RunFolder.optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;

const MAX_BYTES = 16 * 1024 * 1024;

/** As it was kept before the child of an iteration; undefined when it is missing or damaged: then everything counts as changed. */
export async function snapshotBefore(
  { paths }: Pick<Worker, 'paths'>,
  { iteration }: Pick<OpenIteration, 'iteration'>,
): Promise<Snapshot | undefined> {
  const text = await plainText(iterationPaths(paths, iteration).before, MAX_BYTES);
  return text === undefined ? undefined : Snapshot.safeParse(parseJson(text)).data;
}

export async function lookAtMainCheckout(worker: Worker): Promise<MainCheckout | undefined> {
  const { mainRepo, sessionsDir, worktreesDir } = worker.file;
  const main = { mainRepo, ours: [sessionsDir, worktreesDir], ...worker.git.context };
  return await readMainCheckout(main).catch(() => undefined);
}

const NOT_THE_CHILDS = new Set(['_logs', '_signal.json', '_signal_history.jsonl', 'session.log', '_inbox']);

// Sizes and times instead of contents: a folder may hold many large documents, and any write moves the time.
export function documentsPrint({ paths }: Worker): string {
  const names = (namesAt(paths.sessionDir) ?? []).filter((name) => !NOT_THE_CHILDS.has(name));
  const states = names.sort().map((name) => {
    const stats = statsAt(join(paths.sessionDir, name));
    return `${name}\0${stats?.size}\0${stats?.mtimeMs}\0${stats?.ino}\n`;
  });
  return fingerprint(...states);
}

/** What a child could change, as it was seen when the last one's whole tree was gone. */
export type Seen = Pick<Snapshot, 'worktree' | 'mainCheckout'>;

const looks = new WeakMap<Worker, { seen: Seen; n: number; atMs: number }>();

/** A child that follows at once starts from what the one before left. */
const FRESH_MS = 2000;

/** Keeps what was seen after a child, once its iteration is recorded. */
export function keepLook(worker: Worker, { worktree, mainCheckout }: Snapshot): void {
  const seen: Seen = { worktree, mainCheckout };
  looks.set(worker, { seen, n: stateOf(worker).n, atMs: worker.clock.monotonic() });
}

/**
 * What still holds right before the next child, so that git need not be asked the same twice between two
 * children; undefined once anything but the start of that child was recorded, or time has passed.
 */
export function freshLook(worker: Worker): Seen | undefined {
  const last = looks.get(worker);
  if (last === undefined || stateOf(worker).n !== last.n + 1) return undefined;
  return worker.clock.monotonic() - last.atMs < FRESH_MS ? last.seen : undefined;
}
