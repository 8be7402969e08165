import { join } from 'node:path';

/** The person's own folder of settings; the same on every system, so that one sentence explains it. */
export function configFolder(homeDir: string): string {
  return join(homeDir, '.config/samocode');
}
