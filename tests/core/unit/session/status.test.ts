import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import { Output } from '../../../../src/core/faces/terminal/output.ts';
import { factRows, formatList } from '../../../../src/core/faces/terminal/session-words.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { isLost, needsHuman } from '../../../../src/core/session/folder/session-list.ts';
import type { SessionView } from '../../../../src/core/session/folder/session-view.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { quarantineLog } from '../../../../src/core/session/log/event-log.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ASKING, BLOCKED, CREATED, DONE, eventLines, PREPARED, writeEvents } from './events.ts';

const STARTED: NewEvent = {
  ...{ type: 'iteration_started', iteration: 1, phase: 'investigation', provider: 'rehearsal', model: '' },
  ...{ log: 'l', childUuid: 'u', timeLimitMs: 1, credentials: [], sandbox: 'none' },
};

async function read(paths: SessionPaths): Promise<SessionView> {
  const view = await readSession(paths, await systemHost());
  if (!view) throw new Error('There is no session.');
  return view;
}

test('a missing folder is not a session', async () => {
  await using dir = await tempDir();
  expect(await readSession(sessionPaths(dir.path, 'nothing'), await systemHost())).toBeUndefined();
});

test('an unreadable run folder is reported, without an unhandled rejection', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-boats');
  await mkdir(paths.runDir, { recursive: true });
  await chmod(paths.runDir, 0);
  const host = await systemHost();
  const rejections: unknown[] = [];
  const record = (error: unknown) => rejections.push(error);
  process.on('unhandledRejection', record);
  const view = await asOrdinaryUser(() => readSession(paths, host));
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  process.off('unhandledRejection', record);
  await chmod(paths.runDir, 0o755);
  expect(rejections).toEqual([]);
  expect(view).toMatchObject({ isUnreadable: true, problems: [expect.stringContaining('EACCES')] });
});

test.each<{ kind: string; events: NewEvent[]; wants: boolean }>([
  { kind: 'starting', events: [CREATED], wants: true },
  { kind: 'running', events: [CREATED, PREPARED], wants: true },
  { kind: 'queued', events: [CREATED, PREPARED, { type: 'queued', reason: 'full' }], wants: false },
  {
    kind: 'limited',
    events: [CREATED, PREPARED, { type: 'limited', until: 1, guessed: false, provider: 'claude' }],
    wants: false,
  },
  { kind: 'waiting', events: [CREATED, PREPARED, ASKING], wants: false },
  { kind: 'blocked', events: [CREATED, PREPARED, BLOCKED], wants: false },
  { kind: 'blocked', events: [CREATED, PREPARED, STARTED, BLOCKED], wants: false },
  {
    kind: 'stopped',
    events: [CREATED, PREPARED, { type: 'stopped', by: { channel: 'cli' }, why: 'x' }],
    wants: false,
  },
  { kind: 'done', events: [CREATED, PREPARED, DONE], wants: false },
])('whether a $kind session needs a worker: $wants', async ({ kind, events, wants }) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, events);
  const view = await read(paths);
  expect(view).toMatchObject({ worker: 'none', wantsWorker: wants, needsWorker: wants });
  expect(view.state).toMatchObject({ n: events.length, status: { kind } });
});

test('a queued command needs a worker in any state', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED, BLOCKED]);
  await mkdir(paths.commands);
  await writeFile(join(paths.commands, '01JH0000000000000000000000.json'), '{}');
  expect(await read(paths)).toMatchObject({
    needsWorker: true,
    pendingCommands: ['01JH0000000000000000000000'],
  });
});

test('a session with a running worker needs no other', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED]);
  await mkdir(paths.leases);
  await using _lease = await acquireLease(paths.leases, { clock: systemClock, host: await systemHost() });
  expect(await read(paths)).toMatchObject({ worker: 'alive', wantsWorker: true, needsWorker: false });
});

test('the address of an application is shown while the worker holds its services for a person, and no longer', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const wanted = { type: 'services_wanted', by: { channel: 'cli' }, want: 'up' } as const;
  await writeEvents(paths, [CREATED, PREPARED, ASKING, wanted]);
  await mkdir(paths.services);
  const url = 'http://localhost:20003';
  const nowOf = (worker: number) => ({ v: 1, at: '2026-01-08T10:00:00.000Z', worker, services: [], url });
  const path = join(paths.services, 'now.json');
  await writeFile(path, JSON.stringify(nowOf(process.pid)));
  await mkdir(paths.leases);
  {
    await using _lease = await acquireLease(paths.leases, { clock: systemClock, host: await systemHost() });
    const view = await read(paths);
    expect(statusSentence(view)).toContain(`Its application is at ${url}.`);
    const facts = sessionFacts(view);
    expect(facts.app).toBe(url);
    expect(factRows(facts)).toContainEqual(['app', url]);
    const stdout = new PassThrough();
    const piped = new Output({ stdout, stderr: stdout, colourful: false, json: false });
    expect(formatList([facts], piped, { nowMs: 0 })).toContain(`, app: ${url}`);
    await writeFile(path, JSON.stringify(nowOf(process.pid + 1)));
    expect(sessionFacts(await read(paths)).app).toBeUndefined();
    await writeFile(path, JSON.stringify(nowOf(process.pid)));
  }
  expect(sessionFacts(await read(paths)).app).toBeUndefined();
});

test('a session written by a newer samocode is shown and not touched', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED]);
  await writeFile(paths.events, '{"v":9,"type":"x","n":3}\n', { flag: 'a' });
  const view = await read(paths);
  expect(view).toMatchObject({
    otherBuild: { is: 'newer', trace: 'format 9; this one knows 2' },
    needsWorker: false,
  });
  expect(view.problems).toHaveLength(1);
});

test('a session whose choices cannot be read is shown, and does not ask for a worker in vain', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.events, eventLines([{ ...createdEvent(), file: '{' } as never, PREPARED]));
  const view = await read(paths);
  expect(view).toMatchObject({ otherBuild: { is: 'newer' }, needsWorker: false });
  expect(view.problems).toContainEqual(expect.stringContaining('session.json'));
});

test.each([
  { what: 'gone', text: undefined },
  { what: 'cut', text: '{"v":1' },
  { what: 'forged', text: JSON.stringify(sessionFileSample({ id: 'another' })) },
])('a session whose identity is $what is identified by its log', async ({ text }) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const file = sessionFileSample();
  await writeEvents(paths, [CREATED, PREPARED]);
  if (text === undefined) await rm(paths.sessionFile);
  else await writeFile(paths.sessionFile, text);
  const view = await read(paths);
  expect(view).toMatchObject({ needsWorker: true, sessionFile: { id: file.id } });
  expect(view.problems).toEqual([]);
});

test('a session whose log was moved aside is lost whatever command is queued, and says so', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, [CREATED, PREPARED]);
  quarantineLog(paths);
  await mkdir(paths.commands);
  await writeFile(join(paths.commands, '01KEE000000000000000000000.json'), '{}');
  const view = await read(paths);
  expect(view).toMatchObject({ wantsWorker: false, needsWorker: false });
  expect(view.problems).toEqual([expect.stringContaining('events.jsonl.rewritten')]);
  expect(isLost(view)).toBe(true);
});

test('a folder without records of samocode is no session', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-Old_one');
  await mkdir(paths.sessionDir);
  await writeFile(paths.overview, '# Session: old\n');
  expect(await readSession(paths, await systemHost())).toBeUndefined();
});

const START_ID = '01JH0000000000000000000001';
const BY = { channel: 'cli' } as const;
/** The remains of a start by an older program whose second event was torn off. */
const ACCEPTED: NewEvent = { type: 'command_accepted', id: START_ID, kind: 'start', by: BY };

test.each<{ left: string; events: NewEvent[] }>([
  { left: 'its acceptance alone', events: [ACCEPTED] },
  { left: 'a worker that found nothing to do', events: [ACCEPTED, { type: 'worker_left', why: 'x' }] },
])('a start that left $left needs no worker and is reported as lost', async ({ events }) => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, events);
  const view = await read(paths);
  expect(view).toMatchObject({ wantsWorker: false, needsWorker: false });
  expect(view.problems).toEqual([
    expect.stringMatching(/^Its start was lost .* Start a new session with the same task/),
  ]);
  expect([isLost(view), needsHuman(view)]).toEqual([true, true]);
  expect(view.state.status).toEqual({ kind: 'starting', since: '2026-01-08T10:00:00.000Z' });
});

test('a run folder without command and events was never started', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.sessionFile, JSON.stringify(sessionFileSample({ folder: '26-01-08-x' })));
  expect(await read(paths)).toMatchObject({
    wantsWorker: false,
    problems: [expect.stringContaining('lost')],
  });
});

test.each<{ events: NewEvent[] }>([{ events: [] }, { events: [ACCEPTED] }])(
  'a start whose command is still queued is not lost: $events.length events',
  async ({ events }) => {
    await using dir = await tempDir();
    const paths = sessionPaths(dir.path, '26-01-08-x');
    await writeEvents(paths, events);
    const at = new Date(systemClock.now()).toISOString();
    await leaveCommand(paths, { v: 1, id: START_ID, by: BY, at, kind: 'start', run: true });
    const view = await read(paths);
    expect(view).toMatchObject({ needsWorker: true, problems: [] });
    expect(isLost(view)).toBe(false);
  },
);

test('a session whose start only a newer program can read is not lost', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await writeEvents(paths, []);
  await writeFile(join(paths.runDir, 'events.jsonl'), '{"v":9,"type":"begun"}\n');
  const view = await read(paths);
  expect(isLost(view)).toBe(false);
  expect(view.problems).toEqual([
    'A newer samocode has worked on this session (format 9; this one knows 2). Update samocode here to continue it.',
  ]);
});
