import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { configFolder } from '../config-folder.ts';
import { writeWhole } from './atomic-file.ts';
import { statsAt } from './path-stats.ts';

/** A session as it was created: its id, and the fingerprint of the choices of its start. */
export interface SessionIdentity {
  id: string;
  print: string;
}

/**
 * The sessions of this user: an empty file for each, below the config folder, which no repository, disk or archive
 * brings along. Whoever writes a run folder elsewhere cannot write here, so a session without its record is foreign.
 */
export class SessionRecords {
  readonly folder: string;

  constructor(home: string) {
    this.folder = join(configFolder(home), 'sessions');
  }

  has(identity: SessionIdentity): boolean {
    const path = pathIn(this.folder, identity);
    return path !== undefined && statsAt(path) !== undefined;
  }

  /** Durable once it returns. @throws the system error */
  async add(identity: SessionIdentity): Promise<void> {
    const path = pathIn(this.folder, identity);
    if (path === undefined || statsAt(path) !== undefined) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeWhole(path, '', { mode: 0o600 });
  }
}

/** The id comes from a file that anyone may have written. */
function pathIn(folder: string, { id, print }: SessionIdentity): string | undefined {
  return /^[0-9A-Za-z]{26}$/.test(id) ? join(folder, `${id}.${print}`) : undefined;
}
