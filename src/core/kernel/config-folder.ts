import { join } from 'node:path';

/** The user's settings folder; the same on every system, so that one sentence explains it. */
export function configFolder(homeDir: string): string {
  return join(homeDir, '.config/samocode');
}
