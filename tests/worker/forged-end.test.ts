import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { identify, systemHost } from '../../src/base/host.ts';
import { ITERATION_MARK, SESSION_MARK } from '../../src/providers/environment.ts';
import { type ChildRecord, exitFile } from '../../src/providers/run-child.ts';
import { readEvents } from '../../src/session/event-log.ts';
import type { NewEvent } from '../../src/session/events.ts';
import { iterationPaths } from '../../src/session/paths.ts';
import { exitStamp } from '../../src/worker/exit-stamp.ts';
import { cutForgedEnd, isForetold } from '../../src/worker/forged-end.ts';
import { type TempLog, tempLog } from '../support/temp-log.ts';

const SESSION = `forged-end-${process.pid}`;
const CLI = { channel: 'cli' } as const;

const begun = (iteration: number): NewEvent => ({
  type: 'iteration_started',
  ...{ iteration, phase: 'planning', provider: 'rehearsal', model: '', log: 'l', childUuid: 'u' },
  timeLimitMs: 1,
});

const ended = (iteration: number, seen?: string): NewEvent => ({
  ...{ type: 'iteration_ended', iteration, phase: 'planning', ending: 'signalled', exitCode: 0 },
  ...{ signalNotes: [], decision: { kind: 'run', phase: 'planning', notes: [], delay: 'none' } },
  ...{ changed: true, treeChanged: true, cost: {}, durationMs: 1, flowLines: [] },
  ...(seen !== undefined && { exitStamp: seen }),
});

const moved: NewEvent = { type: 'phase_set', phase: 'implementation', from: 'planning' };
const resumed: NewEvent = { type: 'resumed', by: CLI, phase: 'planning', resetsCounts: false };
const answered: NewEvent = { type: 'answers_recorded', by: CLI, answers: [], open: [] };

async function cut(log: TempLog): Promise<string | undefined> {
  return await cutForgedEnd(log.paths, { host: await systemHost(), sessionId: SESSION, lease: 2 });
}

async function lengthOf(log: TempLog): Promise<number> {
  return (await readEvents(log.paths.events, 0)).length;
}

async function writeAll(log: TempLog, ...events: NewEvent[]): Promise<void> {
  const { writer } = await log.open();
  // Each is a commit of its own: of one that is cut in the middle nothing counts.
  for (const event of events) await writer.append(event);
}

/** A child of ours whose wrapper ended just now. @returns what it left */
async function childEndedNow(log: TempLog, iteration: number): Promise<ChildRecord> {
  const wrapper = await identify(await systemHost(), process.pid);
  if (wrapper === undefined) throw new Error('This process is not in the process table.');
  const child: ChildRecord = { v: 1, wrapper, startedAt: '2026-01-08T10:00:00.000Z' };
  const files = iterationPaths(log.paths, iteration);
  await mkdir(files.dir, { recursive: true });
  await writeFile(files.child, JSON.stringify(child));
  await writeFile(exitFile(files.exit, child), '0\n');
  return child;
}

/** Runs something that carries the mark of an iteration. */
async function withMarked(iteration: number, act: () => Promise<void>): Promise<void> {
  const env = { PATH: process.env.PATH, [SESSION_MARK]: SESSION, [ITERATION_MARK]: String(iteration) };
  const child = spawn('sleep', ['60'], { env, stdio: 'ignore' });
  await once(child, 'spawn');
  try {
    await act();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

test('an act of a person within the newest iteration is cut off, and all that follows it', async () => {
  await using log = await tempLog();
  await writeAll(log, begun(1), ended(1), begun(2), moved, answered);
  expect(await cut(log)).toBe('phase_set while iteration 2 was open');
  expect(await lengthOf(log)).toBe(3);
  expect(await readFile(`${log.paths.events}.cut-2`, 'utf8')).toContain('answers_recorded');
});

test('what lies before the newest iteration was gone on from: no odd order there costs the history', async () => {
  await using log = await tempLog();
  await writeAll(log, begun(1), moved, resumed, ended(1), begun(2), ended(2), answered);
  expect(await cut(log)).toBeUndefined();
  expect(await lengthOf(log)).toBe(7);
});

test('a living process cuts off the end of its own iteration when that is the newest, and of no other', async () => {
  await using log = await tempLog();
  await writeAll(log, begun(1), ended(1), begun(2), ended(2), answered);
  await withMarked(1, async () => expect(await cut(log)).toBeUndefined());
  await withMarked(2, async () => expect(await cut(log)).toBe('processes of iteration 2 still run'));
  expect(await lengthOf(log)).toBe(3);
});

test('an end that stood in the log before the child had ended is cut off', async () => {
  await using log = await tempLog();
  await writeAll(log, begun(1), ended(1), answered);
  await systemClock.sleep(20);
  await childEndedNow(log, 1);
  expect(await cut(log)).toBe('iteration 1 had not ended yet');
  expect(await lengthOf(log)).toBe(1);
});

test('an end that names the file by which the child ended is a true one, also when the clock was set back', async () => {
  await using log = await tempLog();
  const seen = exitStamp(log.paths, 1, await childEndedNow(log, 1));
  if (seen === undefined) throw new Error('The child left nothing.');
  await writeAll(log, begun(1), ended(1, seen.text), answered);
  expect(await cut(log)).toBeUndefined();
  // No test can set the time at which a file was changed.
  const earlier = { ctimeNs: seen.ctimeNs - 60_000_000_000n, mtimeNs: seen.ctimeNs - 60_000_000_000n };
  expect(isForetold(seen.text, seen, earlier)).toBe(false);
  expect(isForetold('guessed', seen, earlier)).toBe(true);
  expect(isForetold(undefined, seen, earlier)).toBe(true);
});
