import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointStore } from './checkpoint-store.ts';

/** Two moments that lie further apart are told apart by any file system's clock. */
export const COARSEST_CLOCK_MS = 2000;

/** What the times of files are compared with must come from the clock that makes them, also on a network drive. */
export function fileSystemNowMs({ dir }: CheckpointStore): number {
  const path = join(dir, 'now');
  writeFileSync(path, '.');
  return lstatSync(path).ctimeMs;
}
