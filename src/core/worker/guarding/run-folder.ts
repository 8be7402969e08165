import { readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { changedKeys } from '../../kernel/changed-keys.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { isOutOfReach } from '../../kernel/sandbox-level.ts';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { isWrittenDuringAgent, NAMES_WRITTEN, type SessionPaths } from '../../session/layout/paths.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { LogMark } from '../../session/log/event-writer.ts';
import type { Iteration } from '../state/iteration.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/** A snapshot of the part of the run folder that only the worker writes. */
export const RunFolder = z.object({
  /** Per path below the run folder: `folder`, a hash, or the kind of an unexpected entry. */
  entries: z.record(z.string(), z.string()),
  /** The names that the build of the snapshot lets others write, so that another build compares no more. */
  written: z.array(z.string()).optional(),
  log: LogMark,
  lease: z.int(),
});
export type RunFolder = z.infer<typeof RunFolder>;

/** The run folder's own entry in a list of changes. */
export const RUN_FOLDER_ITSELF = 'the run folder itself';

/**
 * Reads the run folder right before an agent starts, unless it is out of the agent's reach.
 * @param keep saves it for a later worker
 */
export async function keepRunFolder(
  worker: Worker,
  { iteration, files }: Iteration,
  keep: (folder?: RunFolder) => Promise<void>,
): Promise<void> {
  if (isSafe(worker)) return await keep();
  const { paths, writer } = worker;
  const entries = await runFolderEntries(paths, iteration);
  const folder = { entries, written: [...NAMES_WRITTEN], log: writer.mark(), lease: writer.lease };
  await keep(folder);
  const written = { [relative(paths.runDir, files.before)]: (await kindAt(files.before)) ?? '' };
  worker.memory.runFolder = {
    iteration,
    ...folder,
    entries: { ...entries, ...written },
    isCompared: false,
  };
}

function isSafe(worker: Worker): boolean {
  return isOutOfReach(stateOf(worker).sandbox, worker.file.settings.openings);
}

/**
 * Paths in the run folder that changed while an agent ran; call it when the whole process tree has ended.
 * @param kept the snapshot of an earlier worker; absent if missing or damaged
 */
export async function runFolderChanges(
  worker: Worker,
  open: Iteration,
  kept: () => Promise<RunFolder | undefined>,
): Promise<string[]> {
  const { runFolder } = worker.memory;
  const own = runFolder?.iteration === open.iteration ? runFolder : undefined;
  // Later changes come from this worker and people, for example when checks were stopped and run again.
  if (own?.isCompared) return [];
  const before = own ?? (await kept());
  const copyMissing = `iterations/${open.iteration}: the copy taken before the agent is missing or damaged`;
  if (before === undefined) return isSafe(worker) ? [] : [copyMissing];
  const now = await runFolderEntries(worker.paths, open.iteration);
  const names = [...NAMES_WRITTEN, ...(before.written ?? [])];
  const compared = (entries: Readonly<RunFolder['entries']>) => comparable(entries, open.iteration, names);
  const paths = changedKeys(compared(before.entries), compared(now)).filter(
    (path) => !isWorkersChange(worker, path, { open, before, isOwn: own !== undefined }),
  );
  // A log that this worker wrote alone since then has no event of another one.
  const isLogChanged =
    (await worker.writer.isChangedSince(before.log)) ||
    (own === undefined &&
      (await readEvents(worker.paths, before.log.n, { useCache: false })).some(({ type }) =>
        NOT_WHILE_OPEN.includes(type),
      ));
  if (own !== undefined && paths.length === 0 && !isLogChanged) own.isCompared = true;
  return [...(isLogChanged ? ['events.jsonl'] : []), ...topmost(paths)];
}

/** Without what one of two builds lets others write: a record says nothing about names that it did not know. */
function comparable(
  entries: Readonly<RunFolder['entries']>,
  iteration: number,
  names: readonly string[],
): RunFolder['entries'] {
  const isShared = (path: string, kind: string) => {
    const folder = names.find((name) => name.endsWith('/') && `${path}/`.startsWith(name));
    return folder !== undefined && (folder !== `${path}/` || kind === 'folder');
  };
  return Object.fromEntries(
    Object.entries(entries).filter(
      ([path, kind]) => !isShared(path, kind) && !isWrittenDuringAgent(path, iteration, names),
    ),
  );
}

/** Whether a worker changed this path: a later one, or the previous one, which may have judged the agent. */
function isWorkersChange(
  { paths, writer }: Worker,
  path: string,
  { open, before, isOwn }: { open: Iteration; before: RunFolder; isOwn: boolean },
): boolean {
  // A later worker has its own lease and has removed old ones.
  if (path.startsWith('leases/')) return before.lease !== writer.lease;
  if (isOwn) return false;
  const { before: copy, signal, checks } = open.files;
  return [copy, signal, checks, paths.setup, paths.asFound, paths.pictures].some((each) =>
    `${join(paths.runDir, path)}/`.startsWith(`${each}/`),
  );
}

/** Omits the contents of a folder that was itself removed or replaced. */
function topmost(paths: readonly string[]): string[] {
  const isBelow = (path: string, above: string) => above === '' || path.startsWith(`${above}/`);
  return paths
    .filter((path) => !paths.some((above) => above !== path && isBelow(path, above)))
    .map((path) => path || RUN_FOLDER_ITSELF);
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Path → hash of everything in the run folder that must not change while an agent runs. */
export async function runFolderEntries(
  { runDir }: Pick<SessionPaths, 'runDir'>,
  iteration: number,
): Promise<Record<string, string>> {
  const entries: Record<string, string> = {};
  const read = async (name: string): Promise<void> => {
    const kind = await kindAt(join(runDir, name));
    if (kind === undefined) return;
    entries[name] = kind;
    // A run folder that is a link is still the one in use.
    if ((kind !== 'folder' && name !== '') || NAMES_WRITTEN.includes(`${name}/`)) return;
    for (const inner of namesAt(join(runDir, name)) ?? []) {
      const below = name === '' ? inner : `${name}/${inner}`;
      // Our drafts, and files of file managers, editors, backups and NFS: these names are never read.
      if (!inner.startsWith('.') && !isWrittenDuringAgent(below, iteration)) await read(below);
    }
  };
  await read('');
  // This file determines how checkpoints are taken; the other files there belong to git.
  await read('checkpoints/store.json');
  return entries;
}

/** `folder`, a hash, or the kind of an unexpected entry; undefined if nothing exists. */
export async function kindAt(path: string): Promise<string | undefined> {
  const stats = statsAt(path);
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (stats.isDirectory()) return 'folder';
  const reading = await readPlainFile(path, MAX_BYTES);
  return reading.kind === 'bytes' ? fingerprint(reading.bytes) : reading.kind;
}

/** Events that no worker records while an iteration is open, so an agent could have forged them. */
const NOT_WHILE_OPEN: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'parked',
  'done',
];
