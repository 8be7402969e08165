import { mkdir, writeFile } from 'node:fs/promises';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import {
  type NewEvent,
  type SessionEvent,
  serialiseEvent,
} from '../../../../src/core/session/events/events.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { createdEvent, eventsOf, sessionFileSample } from '../../../support/session-file-sample.ts';

const START = Date.UTC(2026, 0, 8, 10);

/** Events as a worker writes them after event number `after` of a log that began at `startMs`. */
export function numbered(
  events: readonly NewEvent[],
  { after = 0, startMs = START, stepMs = 60_000 } = {},
): SessionEvent[] {
  return events.map((event, index) => {
    const at = new Date(startMs + (after + index) * stepMs).toISOString();
    // The envelope and the body belong together, which the type of the spread cannot express.
    return { v: 2, n: after + index + 1, at, lease: 1, ...event } as SessionEvent;
  });
}

/** Their lines in the log, a second apart. */
export function eventLines(events: readonly NewEvent[], startMs = START): string {
  return numbered(events, { startMs, stepMs: 1000 }).map(serialiseEvent).join('');
}

/** A session with these events and no worker. */
export async function writeEvents(
  paths: SessionPaths,
  events: readonly NewEvent[],
  startMs?: number,
  more: Partial<SessionFile> = {},
): Promise<void> {
  const file = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir, ...more });
  for (const folder of [paths.sessionDir, paths.runDir]) await mkdir(folder, { recursive: true });
  await writeFile(paths.events, eventLines(eventsOf(file, events), startMs));
  await writeFile(paths.sessionFile, JSON.stringify(file));
}

export const CREATED: NewEvent = createdEvent();
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

/** After an archive: its work is over. */
export const LEFT: NewEvent = { type: 'worker_left', why: 'archived' };
export const ARCHIVED: NewEvent = {
  type: 'archived',
  by: { channel: 'cli' },
  what: 'session',
  moved: [],
  to: '_archive',
};

/** Another worker, after one that died between two of its events. */
export const CAME: NewEvent = {
  type: 'worker_took_over',
  worker: { pid: 1, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'h' },
  version: '0',
  previous: 'died',
  recovery: 'nothing',
};
