import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { useHomes } from '../../src/core/kernel/config-folder.ts';
import { contains } from '../../src/core/kernel/files/contains.ts';
import { statsAt } from '../../src/core/kernel/files/path-stats.ts';

/**
 * A program acts for one user and finds their sessions in their home; a process of tests acts for those of many. The home
 * of a SESSIONS folder is the nearest folder `home` beside a folder above it, or else that of the temporary folder.
 */
useHomes((sessionsDir) => {
  // Benches measure on a disk in memory, and on a real one.
  const temporary = [realpathSync(tmpdir()), '/dev/shm', '/var/tmp'].find((at) => contains(at, sessionsDir));
  // A path in a sample, for nothing on a disk.
  if (temporary === undefined) return '/home/p';
  const top = join(temporary, sessionsDir.slice(temporary.length + 1).split(sep)[0] ?? '');
  for (let at = sessionsDir; contains(top, at); at = dirname(at))
    if (at !== sessionsDir && statsAt(join(at, 'home'))?.isDirectory()) return join(at, 'home');
  // It may not be taken for a session.
  return join(top, top === sessionsDir ? '.home' : 'home');
});
