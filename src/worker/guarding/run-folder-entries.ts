import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import { iterationPaths, type SessionPaths } from '../../session/layout/paths.ts';
import type { Worker } from '../core/worker.ts';

/** Derived from the log and written again, or a worker's last words. The log is looked at by its own writer. */
const NOT_LOOKED_AT = new Set(['events.jsonl', 'state.json', 'now.json', 'worker.stderr']);
/** Written by anybody, by git for a living child's checkpoint, or by checks beside it: only that they are folders is looked at. */
const FOLDERS_ALONE = new Set(['commands', 'checkpoints', 'base-checks']);
const MAX_BYTES = 64 * 1024 * 1024;

/** What stands at each path of the run folder where only the worker writes. */
export async function entriesOf(worker: Worker, iteration: number): Promise<Record<string, string>> {
  const { exit, others: written } = writtenMeanwhile(worker.paths, iteration);
  const entries: Record<string, string> = {};
  const look = async (name: string): Promise<void> => {
    const path = join(worker.paths.runDir, name);
    const stats = statsAt(path);
    if (stats === undefined) return;
    entries[name] = stats.isSymbolicLink()
      ? `link to ${readlinkSync(path)}`
      : stats.isDirectory()
        ? 'folder'
        : await hashAt(path);
    // A run folder that is a link is no less the one that is worked with.
    if ((!stats.isDirectory() && name !== '') || FOLDERS_ALONE.has(name)) return;
    for (const inner of namesAt(path) ?? []) {
      const below = name === '' ? inner : `${name}/${inner}`;
      // Drafts of ours, and what file managers, editors, backups and NFS leave: nothing of that name is ever read.
      if (inner.startsWith('.') || NOT_LOOKED_AT.has(below)) continue;
      // Of these the wrapper and the worker write while the child runs.
      if (!written.has(below) && !below.startsWith(`${exit}.`)) await look(below);
    }
  };
  await look('');
  // Whoever leaves the first command makes the folder.
  entries.commands ??= 'folder';
  // The first checkpoint may be one of a living child.
  entries.checkpoints ??= 'folder';
  entries['base-checks'] ??= 'folder';
  await look('checkpoints/store.json');
  return entries;
}

async function hashAt(path: string): Promise<string> {
  const reading = await readPlainFile(path, MAX_BYTES);
  return reading.kind === 'bytes' ? fingerprint(reading.bytes) : reading.kind;
}

/** Of a running child, below the run folder. */
function writtenMeanwhile(paths: SessionPaths, iteration: number) {
  const { child, endedByUs, awake, exit, guardArgs, guardStatus } = iterationPaths(paths, iteration);
  const others = [child, endedByUs, awake, guardArgs, guardStatus].map((path) => entryName(paths, path));
  return { exit: entryName(paths, exit), others: new Set(others) };
}

/** Below the run folder. */
export function entryName({ runDir }: SessionPaths, path: string): string {
  return path.slice(runDir.length + 1);
}
