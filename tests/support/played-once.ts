import { mkdir, readlink, rmdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { ifExists, systemErrorCode } from '../../src/core/kernel/errors.ts';

/** Names the folder of the sessions that are played once per run. */
export const PLAYED_SESSIONS = 'SAMOCODE_TEST_SESSIONS';

/**
 * The temporary folder of a session that is played once per run, by the test that needs it first; it stays until the
 * run ends.
 */
export async function playedOnce(name: string, play: () => Promise<string>): Promise<string> {
  const folder = process.env[PLAYED_SESSIONS];
  if (folder === undefined) throw new Error(`${PLAYED_SESSIONS} is set only in a run of tests.`);
  const played = join(folder, name);
  const known = () => ifExists(readlink(played));
  const lock = `${played}.playing`;
  const end = systemClock.now() + 250_000;
  for (let root = await known(); ; root = await known()) {
    if (root !== undefined) return root;
    if (systemClock.now() > end)
      throw new Error(`Session "${name}", which another test plays, is not there.`);
    const isFree = await mkdir(lock).then(
      () => true,
      (error: unknown) => systemErrorCode(error) !== 'EEXIST' && Promise.reject(error),
    );
    if (!isFree) await systemClock.sleep(50);
    else
      try {
        if ((await known()) === undefined) await symlink(await play(), played);
      } finally {
        await rmdir(lock);
      }
  }
}
