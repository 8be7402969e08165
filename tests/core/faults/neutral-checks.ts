import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { readOverview } from '../../../src/core/session/documents/overview.ts';
import { parseEvent } from '../../../src/core/session/events/events.ts';
import type { SessionState } from '../../../src/core/session/events/state.ts';
import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { childrenNeverOverlapped } from './overlaps.ts';

/** What must hold after every fault. */
export async function expectInvariants(
  rig: SessionRig,
  overlaps: string,
  state: SessionState,
): Promise<void> {
  await eventually(async () => (await rig.processesWithMark()).length === 0, {
    what: 'the end of every process with the marker',
  });
  await projectionsSettled(rig);
  await eventsParse(rig);
  await historyHasOneLineEach(rig, state);
  await childrenNeverOverlapped(overlaps);
  await noDraftsLeft(rig);
  expect(mainCheckout(rig), 'the main checkout').toBe('');
}

/** The readable files without the parts that differ between runs. */
export async function projectionsOf(rig: SessionRig): Promise<string> {
  await projectionsSettled(rig);
  const { overview, history, qa, signal, sessionDir } = rig.paths;
  // A session that waits before its first agent has no history yet, and perhaps no questions.
  const texts = await Promise.all(
    [overview, history, qa, signal].map(
      async (path) => (await ifExists(readFile(path, 'utf8'))) ?? 'missing',
    ),
  );
  const names = (await readdir(sessionDir)).filter((name) => !name.startsWith('.'));
  const root = rig.repo.root;
  // Sorted with their timestamps replaced, because a slow run may produce another order.
  return [...texts, names.map(neutral).sort().join('\n')]
    .join('\n=====\n')
    .replaceAll(root, 'ROOT')
    .split('\n')
    .map(neutral)
    .join('\n');
}

const STAMPS: [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?\b/g, 'TIME'],
  [/\b\d\d-\d\d \d\d:\d\d\b/g, 'TIME'],
  [/\b\d\d-\d\d-\d\d-/g, 'DATE-'],
  [/\b\d\d-\d\d-\d{4}\b/g, 'STAMP'],
  [/"n":\d+/g, '"n":N'],
  [/\b[0-9a-f]{7,40}\b/g, 'HASH'],
];

function neutral(line: string): string {
  return STAMPS.reduce((text, [pattern, word]) => text.replace(pattern, word), line);
}

// The worker writes derived files right after an event; a reader may be faster.
async function projectionsSettled(rig: SessionRig): Promise<void> {
  if ((await rig.workerPid()) === undefined) return;
  for (let quiet = 0, last = ''; quiet < 4; ) {
    const now = `${await readFile(rig.paths.sessionLog, 'utf8').catch(() => '')}${(await rig.state()).n}`;
    quiet = now === last ? quiet + 1 : 0;
    last = now;
    await systemClock.sleep(50);
  }
}

async function eventsParse(rig: SessionRig): Promise<void> {
  const text = await readFile(rig.paths.events, 'utf8');
  expect(text.endsWith('\n'), 'the log ends with a whole line').toBe(true);
  const numbers = text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const reading = parseEvent(line);
      return reading.kind === 'event' ? reading.event.n : line;
    });
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}

async function historyHasOneLineEach(rig: SessionRig, state: SessionState): Promise<void> {
  const text = (await ifExists(readFile(rig.paths.history, 'utf8'))) ?? '';
  // Any entry that is not an object was written by an agent, and readers skip it.
  const iterations = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).iteration);
  const ended = state.progress.totalIterations - (state.openIteration ? 1 : 0);
  expect(iterations, 'one history line per iteration').toEqual(
    Array.from({ length: ended }, (_, index) => index + 1),
  );
  const overview = readOverview(await readFile(rig.paths.overview, 'utf8'));
  expect(overview.phase, 'the phase in the overview').toBe(state.progress.phase);
}

async function noDraftsLeft(rig: SessionRig): Promise<void> {
  const names = await readdir(rig.paths.sessionDir);
  const drafts = names.filter((name) => name.endsWith('.draft'));
  // A killed writer leaves its draft; the next one removes it when it takes over.
  expect(drafts, 'half-written files in the session folder').toEqual([]);
}

function mainCheckout(rig: SessionRig): string {
  const options = { cwd: rig.repo.path, encoding: 'utf8' as const };
  // This must not start programs that an agent planted.
  const status = execFileSync('git', ['-c', 'core.fsmonitor=false', 'status', '--porcelain'], options);
  return status
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('.samocode'))
    .join('\n');
}
