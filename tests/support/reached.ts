import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionEvent } from '../../src/core/session/events/events.ts';

/** What a family of rows has in common: see scripts/families.ts. */
export type FamilyKind = 'refusal' | 'obstacle' | 'ending' | 'judge' | 'crash point' | 'mount';

/** An empty file for each family that a run of the tests has reached; programs with crash points add theirs. */
const FOLDER = process.env.SAMOCODE_REACHED;

export const isNoted = FOLDER !== undefined;

const noted = new Set<string>();

export function noteReached(kind: FamilyKind, name: string): void {
  const file = `${kind}=${encodeURIComponent(name)}`;
  if (FOLDER === undefined || noted.has(file)) return;
  try {
    writeFileSync(join(FOLDER, file), '');
    noted.add(file);
  } catch {
    // A test that acts as an ordinary user is noted only if another test reaches the same.
  }
}

/** What the log of a session shows: how its iterations ended, and how its commands were judged. */
export function noteEvents(events: readonly SessionEvent[]): void {
  for (const event of events) {
    if (event.type === 'iteration_ended') noteReached('ending', event.ending);
    if (event.type === 'command_accepted') noteReached('judge', `${event.kind} accepted`);
    if (event.type !== 'command_refused') continue;
    noteReached('judge', `${event.kind} refused`);
    noteReached('refusal', event.code);
  }
}
