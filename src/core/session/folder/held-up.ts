import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { orNothing, systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { SessionPaths } from '../layout/paths.ts';

/** What a worker met at a step that it repeats, or that ended it. */
export interface HeldUp {
  pid: number;
  sinceMs: number;
  /** Of the system, such as `ENOSPC`; `place_away` if a disk is not mounted. */
  code: string;
  /** The file or folder, if the system named it. */
  path?: string;
}

type Place = Pick<SessionPaths, 'heldUp' | 'runDir'>;

/**
 * A link, whose target is the note: it needs no space, and most file systems keep it in the inode. If the disk of the
 * run folder takes none, another may; `/dev/shm` is memory.
 */
function placesOf({ heldUp, runDir }: Place): string[] {
  const name = `.samocode-${fingerprint(runDir).slice(0, 16)}`;
  return [heldUp, join(tmpdir(), name), join('/dev/shm', name)];
}

export function noteHeldUp(place: Place, error: unknown): void {
  const isAway = BASE_ERRORS.place_away.is(error);
  const at = isAway ? error.args.dir : ((error as NodeJS.ErrnoException).path ?? '');
  const path = at.endsWith('.draft') ? dirname(at) : at;
  const note = [process.pid, isAway ? 'place_away' : systemErrorCode(error), path].join(' ');
  clearHeldUp(place);
  placesOf(place).some((link) => orNothing(() => symlinkSync(note, link) ?? true));
}

export function clearHeldUp(place: Place): void {
  for (const link of placesOf(place)) orNothing(() => rmSync(link, { force: true }));
}

export function readHeldUp(place: Place): HeldUp | undefined {
  for (const link of placesOf(place)) {
    const stats = orNothing(() => lstatSync(link));
    // Others can write into the last two folders.
    if (!stats?.isSymbolicLink() || stats.uid !== process.getuid?.()) continue;
    const [, pid, code = '', path] = /^(\d+) (\w+) (.*)$/s.exec(readlinkSync(link)) ?? [];
    if (pid !== undefined) return { pid: Number(pid), code, sinceMs: stats.mtimeMs, ...(path && { path }) };
  }
  return undefined;
}
