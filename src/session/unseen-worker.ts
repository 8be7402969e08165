import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { statsAt } from '../base/files/look-at.ts';
import type { Holding } from '../base/processes/lease.ts';
import type { SessionState } from './events/state.ts';
import { iterationPaths, type SessionPaths } from './layout/paths.ts';

/** A worker that watches an agent notes every few seconds that it is awake. */
const QUIET_MS = 60_000;

/**
 * What is wrong with a session whose worker can't be judged from here, because it ran in another container or on
 * another machine, and that shows no sign of life either: nobody goes on with it, and only a person knows whether
 * that one is gone. Undefined while it may well be at work.
 */
export function unseenWorker(
  paths: SessionPaths,
  { state, holding }: { state: SessionState; holding: Holding },
  { now }: Pick<Clock, 'now'>,
): string | undefined {
  if (holding.kind !== 'held' || holding.liveness !== 'unknowable') return undefined;
  const { status } = state;
  const dueAtMs = Math.max(lastSignMs(paths, state), status.kind === 'limited' ? status.until : 0);
  if (now() - dueAtMs < QUIET_MS) return undefined;
  const { hostId, pid } = holding.lease.owner;
  return `Its worker, process ${pid}, ran where this program cannot look (${hostId}), and has given no sign of life for more than a minute. If that machine or container is gone or was restarted, a person takes the session with "samocode takeover".`;
}

function lastSignMs(paths: SessionPaths, { openIteration }: SessionState): number {
  const files = [paths.events, paths.leases];
  if (openIteration !== undefined) {
    files.push(iterationPaths(paths, openIteration.iteration).awake, join(paths.logs, openIteration.log));
  }
  return Math.max(...files.map((path) => statsAt(path)?.mtimeMs ?? 0));
}
