import { join } from 'node:path';
import * as z from 'zod';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { MainCheckout, readMainCheckout } from '../../project/worktrees/main-checkout.ts';
import { START_FILES } from '../../sandbox/home.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import type { Worker } from '../core/worker.ts';
import { kindAt, RunFolder } from './run-folder.ts';

/** What an agent could change, at one point in time. Unreadable parts are absent. */
export const Snapshot = z.object({
  /** Equal prints mean the same bytes. */
  worktree: z.object({ print: z.string(), head: z.string().optional() }).optional(),
  mainCheckout: MainCheckout.optional(),
  /** Fingerprint of the session's documents, without its log folder and the worker's own files. */
  documents: z.string(),
  /** Absent if the guard kept it from the agent. */
  runFolder: RunFolder.optional(),
  /** Per path below home that no agent may change: a hash. */
  home: z.record(z.string(), z.string()).optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;

const MAX_BYTES = 16 * 1024 * 1024;

/** The snapshot before an iteration's agent; undefined if missing or damaged: then everything counts as changed. */
export async function snapshotBefore(
  { paths }: Pick<Worker, 'paths'>,
  { iteration }: Pick<OpenIteration, 'iteration'>,
): Promise<Snapshot | undefined> {
  const text = await plainText(iterationPaths(paths, iteration).before, MAX_BYTES);
  return text === undefined ? undefined : Snapshot.safeParse(parseJson(text)).data;
}

/** @returns undefined in a guard, from which no agent reaches it: what moves there is a person's */
export async function mainCheckoutNow(worker: Worker): Promise<MainCheckout | undefined> {
  if ((await worker.guard.now()).level !== 'none') return undefined;
  return await readMainCheckout({ mainRepo: worker.file.mainRepo, ...worker.git.context });
}

/** Files that a shell, ssh or an editor reads when it starts: without a guard an agent could change them. */
export async function homePrints(worker: Worker): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  if ((await worker.guard.now()).level !== 'none') return prints;
  const { dir } = await worker.guard.home();
  for (const path of START_FILES.map((name) => join(dir, name))) {
    const kind = await kindAt(await realPathAsFar(path));
    if (kind !== undefined && kind !== 'folder') prints[path] = kind;
  }
  return prints;
}

const NOT_THE_CHILDS = new Set(['_logs', '_signal.json', '_signal_history.jsonl', 'session.log', '_inbox']);

// Sizes and times, not contents: a folder can hold many large documents, and any write changes the time.
export function documentsPrint({ paths }: Worker, without: readonly string[] = []): string {
  const isAsked = (name: string) => !without.includes(name) && !NOT_THE_CHILDS.has(name);
  const names = (namesAt(paths.sessionDir) ?? []).filter(isAsked);
  const states = names.sort().map((name) => {
    const stats = statsAt(join(paths.sessionDir, name));
    return `${name}\0${stats?.size}\0${stats?.mtimeMs}\0${stats?.ino}\n`;
  });
  return fingerprint(...states);
}
