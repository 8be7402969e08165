// @module-tag ci
import { symlinkSync } from 'node:fs';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { getStatus, type SessionReport } from '../../../../src/core/caller/facts/get-status.ts';
import { sessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import { needsRescue } from '../../../../src/core/caller/facts/worker-now.ts';
import { BASE_ERRORS } from '../../../../src/core/kernel/base-errors.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import {
  type SupervisorPaths,
  supervisorPaths,
} from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { clearHeldUp, noteHeldUp } from '../../../../src/core/session/folder/held-up.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { DIED } from '../../../support/work-events.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../../unit/session/events.ts';

const FOLDER = '26-01-08-boat';
const LIMITED: NewEvent = { type: 'limited', until: 9e12, guessed: false, provider: 'claude' };
const QUEUED: NewEvent = { type: 'queued', reason: 'all slots are in use' };

const NO_SPACE = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', path: '/some/file' });

interface Given {
  paths: SessionPaths;
  supervisor: SupervisorPaths;
  context: ActionContext;
}

/** A machine with a session that has these events; `prepare` adds more files. */
async function reported(
  events: readonly NewEvent[],
  prepare: (given: Given) => Promise<unknown> = async () => {},
  env: Record<string, string> = {},
): Promise<SessionReport> {
  await using serverRig = await makeServerRig();
  const context = {
    ...serverRig.context,
    env: { ...serverRig.context.env, SAMOCODE_SUPERVISOR: 'on', ...env },
  };
  const paths = await serverRig.addSession(FOLDER, events, { startMs: systemClock.now() });
  const supervisor = supervisorPaths(context.home, context.host);
  await prepare({ paths, supervisor, context });
  return await getStatus({ session: FOLDER }, context);
}

const command = async ({ paths }: Given) => {
  const head = {
    v: 1,
    id: '01JH0000000000000000000001',
    by: { channel: 'cli' },
    at: '2026-01-08T10:00:00Z',
  } as const;
  await leaveCommand(paths, { ...head, kind: 'stop', when: 'now' });
};

/** This process is the supervisor. */
const watching = async ({ supervisor, context }: Given) => {
  await acquireLease(supervisor.leases, context);
};

const watchingWithoutRevival = async (given: Given) => {
  await watching(given);
  const about = { v: 1, pid: process.pid, version: '1.0.0', program: '/x', startedAt: 'now', revives: false };
  await writeFile(given.supervisor.about, JSON.stringify(about));
};

const leaseOf =
  (supervisor: string) =>
  async ({ paths, context }: Given) => {
    await (await acquireLease(paths.leases, { ...context, supervisor })).release();
  };

test.each<[string, string, readonly NewEvent[], (given: Given) => Promise<unknown>]>([
  ['is done', 'none needed', [CREATED, PREPARED, DONE], async () => {}],
  ['waits', 'none needed', [CREATED, PREPARED, ASKING], async () => {}],
  ['waits for a usage limit', 'none needed', [CREATED, PREPARED, LIMITED], async () => {}],
  ['is queued', 'none needed', [CREATED, PREPARED, QUEUED], async () => {}],
  [
    'has a running worker',
    'working',
    [CREATED, PREPARED],
    ({ paths, context }) => acquireLease(paths.leases, context),
  ],
  ['has lost its worker', 'gone', [CREATED, PREPARED], async () => {}],
  ['has lost its worker and is watched', 'starting', [CREATED, PREPARED], watching],
  ['has lost its worker and is watched without revival', 'gone', [CREATED, PREPARED], watchingWithoutRevival],
  [
    'has lost its worker while a supervisor is being started',
    'starting',
    [CREATED, PREPARED],
    async ({ supervisor }) => {
      await mkdir(supervisor.dir, { recursive: true });
      await writeFile(supervisor.bell, '');
    },
  ],
  [
    'has lost a worker of another supervisor',
    'gone',
    [CREATED, PREPARED],
    async (given) => {
      await watching(given);
      await leaseOf('another')(given);
    },
  ],
  ['got a command a moment ago', 'starting', [CREATED, PREPARED, ASKING], command],
  [
    'got a command that no worker has taken for 16 s',
    'gone',
    [CREATED, PREPARED, ASKING],
    async (given) => {
      await command(given);
      const at = new Date(systemClock.now() - 16_000);
      await utimes(join(given.paths.commands, '01JH0000000000000000000001.json'), at, at);
    },
  ],
  ['is in a crash loop although it is watched', 'gone', [CREATED, PREPARED, DIED, DIED, DIED], watching],
])('the worker of a session that %s is %s', async (_, worker, events, prepare) => {
  const report = await reported(events, prepare);
  expect(report.worker).toBe(worker);
  expect(sessionFacts(report.view, report).worker).toBe(worker);
});

test.each<[string, readonly NewEvent[]]>([
  ['waits', [CREATED, PREPARED, ASKING]],
  ['is limited', [CREATED, PREPARED, LIMITED]],
  ['is queued', [CREATED, PREPARED, QUEUED]],
])(
  'the status of a session that %s reports a missing supervisor, and omits that if one watches',
  async (what, events) => {
    const unwatched = expect.stringMatching(
      /^No supervisor watches this machine's sessions.* Run "samocode supervisor"\.$/,
    );
    const alone = await reported(events);
    expect(sessionFacts(alone.view, alone).problems).toEqual([unwatched]);
    expect(needsRescue(alone.view, alone)).toBe(what !== 'waits');
    const off = await reported(events, undefined, { SAMOCODE_SUPERVISOR: 'off' });
    expect(off.unwatched).toContain('(SAMOCODE_SUPERVISOR=off)');
    expect((await reported(events, watching)).unwatched).toBeUndefined();
  },
);

test('a session whose worker has just parked it is not reported as unwatched: its supervisor is being started', async () => {
  const parked = async ({ paths, supervisor, context }: Given) => {
    await (await acquireLease(paths.leases, { ...context, supervisor: supervisor.identity })).release();
  };
  expect((await reported([CREATED, PREPARED, ASKING], parked)).unwatched).toBeUndefined();
  expect((await reported([CREATED, PREPARED, ASKING], leaseOf('another'))).unwatched).toContain(
    'another machine',
  );
});

test('if the folder of the supervisor cannot be written, status names it', async () => {
  const blocked = async ({ supervisor }: Given) => {
    await mkdir(dirname(dirname(supervisor.dir)), { recursive: true });
    await writeFile(dirname(supervisor.dir), 'a file in the place of the folder');
  };
  const { unwatched } = await reported([CREATED, PREPARED, ASKING], blocked);
  expect(unwatched).toMatch(/\(\/.*\.config\/samocode\/supervisor is not writable\)/);
});

test('on a full disk, the status of a session without a worker says so, although a supervisor would start one', async () => {
  const full = async (given: Given) => {
    await watching(given);
    noteHeldUp(given.paths, NO_SPACE);
  };
  const report = await reported([CREATED, PREPARED], full);
  expect(report.worker).toBe('gone');
  const says = expect.stringMatching(
    /^The disk with \/some\/file is full \(no space or no inode is left\), so its last worker could not go on since .* run "samocode resume 26-01-08-boat"\.$/,
  );
  expect(sessionFacts(report.view, report).problems).toEqual([says]);
  expect((await reported([CREATED, PREPARED, ASKING], full)).unwatched).toBeUndefined();
});

test('the status of a session whose worker is suspended names the process, and what continues it', async () => {
  const suspended = async ({ paths, context }: Given) => {
    await acquireLease(paths.leases, context);
    const { host } = context;
    const read = async (pid: number) => {
      const entry = await host.processes.read(pid);
      return entry && { ...entry, state: 'T' };
    };
    Object.assign(context, { host: { ...host, processes: { ...host.processes, read } } });
  };
  const report = await reported([CREATED, PREPARED], suspended);
  const { pid } = process;
  const says = `Its worker does nothing: process ${pid} is suspended; "kill -CONT ${pid}" continues it.`;
  expect(sessionFacts(report.view, report).problems).toEqual([says]);
});

test('on a full disk, the status of a session whose worker lives says that it waits', async () => {
  const holds = (note: (given: Given) => void) => async (given: Given) => {
    await acquireLease(given.paths.leases, given.context);
    note(given);
  };
  const noted = holds(({ paths }) => noteHeldUp(paths, NO_SPACE));
  const report = await reported([CREATED, PREPARED], noted);
  expect(report.worker).toBe('working');
  const waits = expect.stringMatching(
    /^The disk with .* is full \(.*\), so 26-01-08-boat waits since .*\. It continues once the disk takes its files\.$/,
  );
  expect(sessionFacts(report.view, report).problems).toEqual([waits]);
  // The note of a worker that was killed says nothing about the next one.
  const ofAnother = holds(({ paths }) => symlinkSync('1 ENOSPC /some/file', paths.heldUp));
  expect((await reported([CREATED, PREPARED], ofAnother)).unwatched).toBeUndefined();
});

test('a session whose run folder is on a disk that is away is not taken for one to import', async () => {
  const notes: SessionPaths[] = [];
  const away = async ({ paths }: Given) => {
    await rm(paths.runDir, { recursive: true });
    await writeFile(paths.overview, '# Session: boat\n');
    noteHeldUp(paths, BASE_ERRORS.place_away({ dir: '/disk' }));
    notes.push(paths);
  };
  await expect(reported([CREATED, PREPARED], away)).rejects.toThrow(
    '/disk is not on the disk on which it was opened',
  );
  notes.forEach(clearHeldUp);
});
