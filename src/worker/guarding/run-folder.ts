import * as z from 'zod';
import type { EventType } from '../../session/events/bodies/event-types.ts';
import { readEvents } from '../../session/events/event-log.ts';
import { LogMark } from '../../session/events/event-writer.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import type { Worker } from '../core/worker.ts';
import { entriesOf, entryName } from './run-folder-entries.ts';

/** The run folder at one moment, as far as only the worker writes there. */
export const RunFolder = z.object({
  /** What stands at each path below the run folder: a folder, a hash, or something that belongs nowhere. */
  entries: z.record(z.string(), z.string()),
  log: LogMark,
  lease: z.int(),
});
export type RunFolder = z.infer<typeof RunFolder>;

/** What no worker records while an iteration is open: a child could have done it. */
const NOT_WHILE_OPEN: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'parked',
  'done',
];

/** How it is named in a list of what changed in it. */
export const RUN_FOLDER_ITSELF = 'the run folder itself';

/** Made with the first checkpoint, which may be that of a child about to be ended. */
const FIRST_CHECKPOINT = 'checkpoints/store.json';

interface Before {
  iteration: number;
  folder: RunFolder;
  isMet: boolean;
}

const befores = new WeakMap<Worker, Before>();

/** The run folder right before a child is let go. @param keep puts it where a later worker finds it */
export async function keepRunFolder(
  worker: Worker,
  { iteration }: OpenIteration,
  keep: (folder: RunFolder) => Promise<void>,
): Promise<void> {
  const folder = { log: worker.writer.mark(), lease: worker.writer.lease };
  await keep({ ...folder, entries: await entriesOf(worker, iteration) });
  // Once more: with the file in which the first look is kept.
  befores.set(worker, {
    iteration,
    folder: { ...folder, entries: await entriesOf(worker, iteration) },
    isMet: false,
  });
}

/** Whether this worker let the child go: what it knows is of before it. */
export function sawBegin(worker: Worker, { iteration }: OpenIteration): boolean {
  return befores.get(worker)?.iteration === iteration;
}

/**
 * What changed in the run folder while a child ran, paths in words; to be asked when its whole tree is gone.
 * @param kept what an earlier worker saw before it; absent where that is missing or damaged
 */
export async function runFolderChanges(
  worker: Worker,
  open: OpenIteration,
  kept: () => Promise<RunFolder | undefined>,
): Promise<string[]> {
  const own = befores.get(worker);
  const isOwn = own !== undefined && sawBegin(worker, open);
  // Nobody but us and people has written there since, as when checks were stopped and run again.
  if (isOwn && own.isMet) return [];
  const before = isOwn ? own.folder : await kept();
  const beforeFile = `iterations/${open.iteration}: its copy from before the agent is missing or damaged`;
  if (before === undefined) return open.watched ? [beforeFile] : [];
  const changed = await differences(worker, open, before, isOwn);
  const isLogChanged =
    (await worker.writer.isChangedSince(before.log)) ||
    (await readEvents(worker.paths.events, before.log.n)).some(isForeign);
  if (isOwn && changed.length === 0 && !isLogChanged) own.isMet = true;
  return isLogChanged ? ['events.jsonl', ...changed] : changed;
}

async function differences(
  worker: Worker,
  { iteration }: OpenIteration,
  before: RunFolder,
  isOwn: boolean,
): Promise<string[]> {
  const now = await entriesOf(worker, iteration);
  const files = iterationPaths(worker.paths, iteration);
  const later = [files.before, files.signal].map((path) => entryName(worker.paths, path));
  const checks = entryName(worker.paths, files.checks);
  const changed = [...new Set([...Object.keys(before.entries), ...Object.keys(now)])]
    .filter((name) => before.entries[name] !== now[name])
    .filter((name) => name !== FIRST_CHECKPOINT || before.entries[name] !== undefined)
    .filter((name) => {
      // A worker that came since has a lease of its own, and has let old ones go.
      if (name.startsWith('leases/')) return before.lease === worker.writer.lease;
      // The look that it keeps cannot hold it; and the worker before may have judged the signal and run checks already.
      return isOwn || !(later.includes(name) || `${name}/`.startsWith(`${checks}/`));
    })
    .sort();
  // What lies in a folder that was taken away or turned into something else is not named besides.
  const isTold = (name: string) => changed.some((above) => above === '' || name.startsWith(`${above}/`));
  return changed.filter((name) => name === '' || !isTold(name)).map((name) => name || RUN_FOLDER_ITSELF);
}

/** Forged, or told by the writer as found in the log. */
function isForeign(event: SessionEvent): boolean {
  if (NOT_WHILE_OPEN.includes(event.type)) return true;
  return event.type === 'forgery_seen' && event.what.startsWith('the event log');
}
