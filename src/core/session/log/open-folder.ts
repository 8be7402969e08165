import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';

/**
 * Whether every user of this machine can replace what is in a folder; by its target, where a person named it by a link. A
 * disk that gives every file the same mode says nothing.
 */
export function isOpenToAll(folder: string): boolean {
  const { mode = 0 } = ifThere(() => statSync(folder)) ?? {};
  if ((mode & OTHERS_WRITE) === 0) return false;
  const made = mkdtempSync(join(folder, '.'));
  const own = statsAt(made)?.mode ?? 0;
  rmdirSync(made);
  return (own & OTHERS_WRITE) === 0;
}

const OTHERS_WRITE = 0o002;
