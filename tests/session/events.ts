import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type NewEvent, type SessionEvent, serialiseEvent } from '../../src/session/events.ts';
import type { SessionPaths } from '../../src/session/paths.ts';

const START = Date.UTC(2026, 0, 8, 10);

/** Events as a worker writes them, numbered from 1, a second apart, from `startMs` on. */
export function eventLines(events: readonly NewEvent[], startMs = START): string {
  return events
    .map((event, index) => {
      const at = new Date(startMs + index * 1000).toISOString();
      // The envelope and the body belong together, which the spread's own type can't follow.
      return serialiseEvent({ v: 1, n: index + 1, at, lease: 1, ...event } as SessionEvent);
    })
    .join('');
}

/** A log of these events, without a worker. */
export async function writeEvents(
  paths: SessionPaths,
  events: readonly NewEvent[],
  startMs?: number,
): Promise<void> {
  await mkdir(dirname(paths.events), { recursive: true });
  await writeFile(paths.events, eventLines(events, startMs));
}

export const CREATED: NewEvent = { type: 'session_created', sessionId: 'S', runWanted: true };
export const PREPARED: NewEvent = { type: 'prepared', phase: 'investigation', warnings: [] };
export const ASKING: NewEvent = {
  type: 'parked',
  for: 'qa_answers',
  resumePhase: 'requirements',
  openQuestions: ['Q1'],
  unconfirmed: [],
};
export const BLOCKED: NewEvent = {
  type: 'blocked',
  phase: 'planning',
  reason: 'Why not',
  needs: 'human_decision',
  rule: 'phase_limit',
};
export const DONE: NewEvent = { type: 'done', summary: 'All of it' };
