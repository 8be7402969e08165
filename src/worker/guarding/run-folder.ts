import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { changedKeys } from '../../base/changed-keys.ts';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import { LogMark } from '../../session/events/event-writer.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import {
  FOLDERS_OF_OTHERS,
  iterationPaths,
  type SessionPaths,
  writtenBeside,
} from '../../session/layout/paths.ts';
import type { Worker } from '../core/worker.ts';

/** The run folder at one moment, as far as only the worker writes there. */
export const RunFolder = z.object({
  /** By each path below the run folder: a folder, a hash, or something that belongs nowhere. */
  entries: z.record(z.string(), z.string()),
  log: LogMark,
  lease: z.int(),
});
export type RunFolder = z.infer<typeof RunFolder>;

/** How it is named in a list of what changed in it. */
export const RUN_FOLDER_ITSELF = 'the run folder itself';

/** Reads the run folder right before an agent is started. @param keep writes it where a later worker finds it */
export async function keepRunFolder(
  worker: Worker,
  { iteration }: OpenIteration,
  keep: (folder: RunFolder) => Promise<void>,
): Promise<void> {
  const folder = { log: worker.writer.mark(), lease: worker.writer.lease };
  await keep({ ...folder, entries: await runFolderEntries(worker.paths, iteration) });
  // Read again: with the file that was just written.
  const entries = await runFolderEntries(worker.paths, iteration);
  worker.memory.runFolder = { iteration, ...folder, entries, isCompared: false };
}

/**
 * What changed in the run folder while an agent ran, as paths; to be asked when its whole process tree is gone.
 * @param kept what an earlier worker wrote down before it; absent where that is missing or damaged
 */
export async function runFolderChanges(
  worker: Worker,
  open: OpenIteration,
  kept: () => Promise<RunFolder | undefined>,
): Promise<string[]> {
  const { runFolder } = worker.memory;
  const own = runFolder?.iteration === open.iteration ? runFolder : undefined;
  // Since then only this worker and people have written there, as when checks were stopped and run again.
  if (own?.isCompared) return [];
  const before = own ?? (await kept());
  const beforeFile = `iterations/${open.iteration}: its copy from before the agent is missing or damaged`;
  if (before === undefined) return [beforeFile];
  const now = await runFolderEntries(worker.paths, open.iteration);
  const paths = changedKeys(before.entries, now).filter(
    (path) => !isOfWorker(worker, path, { iteration: open.iteration, before, isOwn: own !== undefined }),
  );
  const isLogChanged =
    (await worker.writer.isChangedSince(before.log)) ||
    (await readEvents(worker.paths, before.log.n, { useCache: false })).some(({ type }) =>
      NOT_WHILE_OPEN.includes(type),
    );
  if (own !== undefined && paths.length === 0 && !isLogChanged) own.isCompared = true;
  return [...(isLogChanged ? ['events.jsonl'] : []), ...topmost(paths)];
}

/** Whether a worker changed this itself: one that came since, or the one before it, which may have judged the agent already. */
function isOfWorker(
  { paths, writer }: Worker,
  path: string,
  { iteration, before, isOwn }: { iteration: number; before: RunFolder; isOwn: boolean },
): boolean {
  // A worker that came since has a lease of its own, and has removed old ones.
  if (path.startsWith('leases/')) return before.lease !== writer.lease;
  if (isOwn) return false;
  const { before: copy, signal, checks } = iterationPaths(paths, iteration);
  return [copy, signal, checks].some((each) => `${join(paths.runDir, path)}/`.startsWith(`${each}/`));
}

/** Without what is in a folder that was itself removed or replaced. */
function topmost(paths: readonly string[]): string[] {
  const isBelow = (path: string, above: string) => above === '' || path.startsWith(`${above}/`);
  return paths
    .filter((path) => !paths.some((above) => above !== path && isBelow(path, above)))
    .map((path) => path || RUN_FOLDER_ITSELF);
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Path → hash of all in the run folder that nobody may change while an agent runs. */
export async function runFolderEntries(
  { runDir }: Pick<SessionPaths, 'runDir'>,
  iteration: number,
): Promise<Record<string, string>> {
  // Another program may make one of these, which is no change.
  const entries: Record<string, string> = Object.fromEntries(
    FOLDERS_OF_OTHERS.map((name) => [name, 'folder']),
  );
  const read = async (name: string): Promise<void> => {
    const kind = await kindAt(join(runDir, name));
    if (kind === undefined) return;
    entries[name] = kind;
    // A run folder that is a link is still the one that is worked with.
    if ((kind !== 'folder' && name !== '') || FOLDERS_OF_OTHERS.includes(name)) return;
    for (const inner of namesAt(join(runDir, name)) ?? []) {
      const below = name === '' ? inner : `${name}/${inner}`;
      // Drafts of ours, and what file managers, editors, backups and NFS leave: nothing of that name is ever read.
      if (!inner.startsWith('.') && !writtenBeside(below, iteration)) await read(below);
    }
  };
  await read('');
  // What checkpoints are made by; the rest of their folder is git's.
  await read('checkpoints/store.json');
  return entries;
}

/** A folder, a hash, or something that belongs nowhere; undefined where nothing is. */
export async function kindAt(path: string): Promise<string | undefined> {
  const stats = statsAt(path);
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (stats.isDirectory()) return 'folder';
  const reading = await readPlainFile(path, MAX_BYTES);
  return reading.kind === 'bytes' ? fingerprint(reading.bytes) : reading.kind;
}

/** What no worker records while an iteration is open: an agent could have written it. */
const NOT_WHILE_OPEN: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'parked',
  'done',
];
