import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { statsAt } from '../../base/files/look-at.ts';
import type { SessionPaths } from './paths.ts';

type Paths = Pick<SessionPaths, 'runDir' | 'events' | 'rewrittenEvents'>;

/** Takes the log away from readers and later workers, for whom it would be the truth. What stands in it is kept. */
export function putLogAside({ runDir, events, rewrittenEvents }: Paths): void {
  mkdirSync(runDir, { recursive: true });
  if (statsAt(events) !== undefined) {
    rmSync(rewrittenEvents, { recursive: true, force: true });
    renameSync(events, rewrittenEvents);
  } else if (statsAt(rewrittenEvents) === undefined) writeFileSync(rewrittenEvents, '');
}

/** True until a person puts a log back: without one nothing of the session can be believed. */
export function isLogAside({ events, rewrittenEvents }: Omit<Paths, 'runDir'>): boolean {
  return statsAt(events) === undefined && statsAt(rewrittenEvents) !== undefined;
}
