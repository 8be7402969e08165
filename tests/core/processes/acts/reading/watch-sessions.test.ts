// @module-tag ci
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import {
  type ShownSession,
  type WatchSessionsInput,
  watchSessions,
} from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import { ACTION_ERRORS } from '../../../../../src/core/caller/errors/action-errors.ts';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { acquireLease } from '../../../../../src/core/kernel/processes/lease.ts';
import { supervisorPaths } from '../../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { makeServerRig, type ServerRig } from '../../../../app/unit/server/server-rig.ts';
import { STARTED } from '../../../../support/work-events.ts';
import { ASKING, CREATED, DONE, eventLines, PREPARED } from '../../../unit/session/events.ts';

/** Starts a watch; `until` skips items until one shows the sessions in these states. */
async function watching(serverRig: ServerRig, input: Partial<WatchSessionsInput> = {}) {
  const ended = new AbortController();
  const items = watchSessions({ signal: ended.signal, ...input }, serverRig.context);
  return {
    async until(states: Record<string, string>) {
      for (;;) {
        const item = await items.next();
        const shown: readonly ShownSession[] = item.done ? [] : item.value;
        const seen = shown.map(({ view }) => [view.folder, view.state.status.kind] as const);
        if (item.done || JSON.stringify(seen.sort()) === JSON.stringify(Object.entries(states).sort()))
          return seen;
      }
    },
    async end() {
      ended.abort(new Error('enough'));
      return await items.next();
    },
  };
}

const BY = { channel: 'cli' } as const;
const ARCHIVED: NewEvent = { type: 'archived', by: BY, what: 'session', moved: [], to: '_archive' };
const FIRST = [CREATED, PREPARED];

test('sessions appear, change and disappear on the screen with their files, and archived ones are not shown', async () => {
  await using serverRig = await makeServerRig();
  const boat = await serverRig.addSession('26-01-08-boat', FIRST);
  await serverRig.addSession('26-01-08-old', [...FIRST, DONE, ARCHIVED]);
  const watch = await watching(serverRig);
  await watch.until({ '26-01-08-boat': 'running' });
  const last = eventLines([...FIRST, ASKING])
    .split('\n')
    .at(-2);
  await appendFile(boat.events, `${last}\n`);
  await watch.until({ '26-01-08-boat': 'waiting' });
  await serverRig.addSession('26-01-09-ship', [...FIRST, DONE]);
  await watch.until({ '26-01-08-boat': 'waiting', '26-01-09-ship': 'done' });
  await rm(boat.runDir, { recursive: true });
  await rm(boat.sessionDir, { recursive: true });
  await watch.until({ '26-01-09-ship': 'done' });
  expect(await watch.end()).toMatchObject({ done: true });
});

test('a second watch reads only what has changed since the first, and a new activity rereads no log', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [...FIRST, DONE]);
  const ship = await serverRig.addSession('26-01-09-ship', [...FIRST, STARTED]);
  const known = new Map();
  const readOnce = async () => {
    const ended = new AbortController();
    const items = watchSessions({ signal: ended.signal, known }, serverRig.context);
    const { value } = await items.next();
    ended.abort();
    return value as ShownSession[];
  };
  const [boat, first] = await readOnce();
  await writeFile(ship.now, JSON.stringify({ total: 1, activity: 'paints' }));
  const [again, second] = await readOnce();
  expect(again).toBe(boat);
  expect(second?.view).toBe(first?.view);
  expect([first?.activity, second?.activity]).toEqual([undefined, 'paints']);
  await appendFile(ship.events, 'torn');
  expect((await readOnce())[1]?.view).not.toBe(first?.view);
});

test('when a supervisor starts, sessions that wait are reported anew, and their files are not read again', async () => {
  await using serverRig = await makeServerRig();
  const { home, host } = serverRig.context;
  await serverRig.addSession('26-01-08-boat', [...FIRST, ASKING]);
  await serverRig.addSession('26-01-09-ship', [...FIRST, DONE]);
  const known = new Map();
  const ended = new AbortController();
  const { signal } = ended;
  const lists = [
    watchSessions({ signal, known }, serverRig.context),
    watchSessions({ signal, known }, serverRig.context),
  ];
  const next = async (list: (typeof lists)[number] | undefined) => {
    const shown = ((await list?.next())?.value ?? []) as ShownSession[];
    return shown.toSorted((a, b) => (a.view.folder < b.view.folder ? -1 : 1));
  };
  const [boat, ship] = await next(lists[0]);
  const { leases } = supervisorPaths(home, host);
  await using _supervisor = await acquireLease(leases, { host, clock: systemClock });
  // A second watch begins with what is known, and checks what no file shows right after.
  await next(lists[1]);
  const [again, still] = await next(lists[1]);
  ended.abort();
  expect([boat?.unwatched, again?.unwatched]).toEqual([expect.stringMatching(/^No supervisor/), undefined]);
  expect(again?.view).toBe(boat?.view);
  expect(still).toBe(ship);
});

test('of sessions at rest, also many that are not watched, each is seen to continue', async () => {
  await using serverRig = await makeServerRig();
  const folders = Array.from({ length: 130 }, (_, at) => `26-01-08-boat-${String(at).padStart(3, '0')}`);
  const all = [];
  for (const folder of folders) all.push(await serverRig.addSession(folder, [...FIRST, ASKING]));
  const watch = await watching(serverRig);
  const waiting = Object.fromEntries(folders.map((folder) => [folder, 'waiting']));
  await watch.until(waiting);
  const last = eventLines([...FIRST, ASKING, DONE])
    .split('\n')
    .at(-2);
  await appendFile(all.at(-1)?.events ?? '', `${last}\n`);
  await watch.until({ ...waiting, [folders.at(-1) ?? '']: 'done' });
  expect(await watch.end()).toMatchObject({ done: true });
});

test('one session is watched alone, and a missing one is an error at once', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [...FIRST, DONE]);
  await serverRig.addSession('26-01-09-ship', [...FIRST, DONE]);
  const watch = await watching(serverRig, { session: 'boat' });
  expect(await watch.until({ '26-01-08-boat': 'done' })).toHaveLength(1);
  await watch.end();
  const missing = await watching(serverRig, { session: 'none' });
  const error = await missing.until({}).catch((thrown: unknown) => thrown);
  expect(ACTION_ERRORS.session_not_found.is(error)).toBe(true);
});
