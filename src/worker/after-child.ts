import { mkdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { ensurePlainFolder } from '../base/append-lines.ts';
import { removeDrafts } from '../base/atomic-file.ts';
import { statsAt } from '../base/look-at.ts';
import type { NewEvent } from '../session/events.ts';
import { iterationPaths } from '../session/paths.ts';
import type { OpenIteration } from '../session/state.ts';
import { forgerySeen } from './forgery.ts';
import { takeCommands } from './take-commands.ts';
import { record, type Worker } from './worker.ts';

/**
 * What a child left in the run folder, once its whole tree is gone and before anything is judged: the log
 * and the worker's own files are as they were, and no command of that time is left.
 * @param isOurs this worker watched the child from its start, so that what stands in files can be known
 */
export async function mendRunFolder(worker: Worker, open: OpenIteration, isOurs: boolean): Promise<void> {
  const forgeries = [...mendFolders(worker), ...(await mendFiles(worker, open, isOurs))];
  const log = await worker.writer.findTampering();
  if (log) forgeries.push(forgerySeen(`the event log was ${log.what}`, log.detail));
  if (forgeries.length > 0) await record(worker, ...forgeries);
  // What waits by now may come from the child: it is met as if the child still ran.
  await takeCommands(worker, 'child_runs');
  // Readers trust the cached state as far as it fits the log, and a forged one may fit.
  worker.writer.writeCache();
}

/** Folders of ours that became links or files; whatever a link led to is left alone. */
function mendFolders({ paths }: Worker): NewEvent[] {
  const changed: string[] = [];
  for (const path of [paths.runDir, paths.iterations, paths.commands, paths.leases]) {
    const stats = statsAt(path);
    if (stats?.isDirectory()) continue;
    // The folder of commands is made by whoever leaves the first one.
    if (stats !== undefined || path !== paths.commands) changed.push(basename(path));
    if (stats !== undefined) ensurePlainFolder(path);
    else mkdirSync(path, { recursive: true });
  }
  return changed.length === 0 ? [] : [forgerySeen('folders of the run folder', changed.join(', '))];
}

async function mendFiles({ paths, kept }: Worker, open: OpenIteration, isOurs: boolean): Promise<NewEvent[]> {
  const files = iterationPaths(paths, open.iteration);
  const changed = (await kept.restore()).map((path) => basename(path));
  // The bytes that are judged are kept there later than this.
  if (isOurs && statsAt(files.signal) !== undefined) {
    changed.push(basename(files.signal));
    rmSync(files.signal, { recursive: true, force: true });
  }
  return changed.length === 0 ? [] : [forgerySeen('files of the run folder', changed.join(', '))];
}

/** Drafts of a killed worker or child: with the tree dead, nobody but us writes there. */
export function removeDraftsOfDead({ paths }: Worker): void {
  removeDrafts(paths.sessionDir);
  removeDrafts(paths.runDir);
}
