import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { statsAt } from '../../core/kernel/files/path-stats.ts';
import { plainJson } from '../../core/kernel/files/plain-file.ts';
import { runRoot, sessionPaths } from '../../core/session/layout/paths.ts';

/** What became of one merged session. */
export const HeldRecord = z.object({
  lookedAt: z.iso.datetime(),
  /** Counted up to here: the last fetch, the end of the seven days, or where the look ended. */
  to: z.iso.datetime(),
  /** Its base is on a remote, so that `to` is no later than the last fetch. */
  isFetched: z.boolean(),
  /** The date of the merge; absent as long as none of its commits was found on the base. */
  since: z.iso.datetime().optional(),
  /** Identifies its commits: by id, and by patch id, of each commit and of all of them together. */
  own: z.object({ commits: z.array(z.string()), patches: z.array(z.string()) }),
  /** Its commits on the base. */
  merged: z.array(z.string()),
  changedBy: z.array(z.string()),
  revertedBy: z.array(z.string()),
  /** The last commit that was looked at. */
  at: z.string().optional(),
  /** `limit`: of a look. `lost`: the base does not have what was merged, as after a rewrite. */
  stopped: z.enum(['limit', 'lost']).optional(),
  /** Where its lines are at that commit: first and last ones, by file. Gone once the seven days are over. */
  lines: z.record(z.string(), z.array(z.tuple([z.int(), z.int()]))).optional(),
});
export type HeldRecord = z.infer<typeof HeldRecord>;

const HeldFile = z.object({
  /** When each repository was last looked at. */
  lookedAt: z.record(z.string(), z.iso.datetime()),
  sessions: z.record(z.string(), HeldRecord),
});
export type HeldFile = z.infer<typeof HeldFile>;

const pathOf = (sessionsDir: string) => join(runRoot(sessionsDir), '.held.json');

/** An unreadable file is begun again: all of it can be asked of git. */
export async function readHeld(sessionsDir: string): Promise<HeldFile> {
  return (await plainJson(pathOf(sessionsDir), HeldFile)) ?? { lookedAt: {}, sessions: {} };
}

/** Removed sessions are left out. */
export async function writeHeld(sessionsDir: string, { lookedAt, sessions }: HeldFile): Promise<void> {
  const isThere = (folder: string) => statsAt(sessionPaths(sessionsDir, folder).runDir) !== undefined;
  const kept = Object.fromEntries(Object.entries(sessions).filter(([folder]) => isThere(folder)));
  await writeWhole(pathOf(sessionsDir), `${JSON.stringify({ lookedAt, sessions: kept })}\n`, { mode: 0o600 });
}
