// @module-tag ci
import { EventEmitter, once } from 'node:events';
import { appendFile, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../../src/core/caller/facts/live-page.ts';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { runRoot, sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { eventually } from '../../../../support/eventually.ts';
import { openedFiles } from '../../../../support/opened-files.ts';
import { preparedSessions } from '../../../../support/prepared-sessions.ts';
import { reportedSession } from '../../../../support/report-session.ts';
import { keysIn, QUICK_CLOCK, serveWeb, webOf } from '../../../../support/web-rig.ts';

/** A clock on which, once hurried, each poll also checks what is otherwise checked every ten seconds. */
function hurriedClock() {
  let times = 1;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() * times,
    hurry() {
      times = 1000;
    },
  };
}

test('a session that has not changed is not read again, neither later nor for another tab', async () => {
  const { repo, context, sessionsDir } = await preparedSessions(6);
  await using _ = repo;
  const clock = hurriedClock();
  await using web = await serveWeb({ ...context, clock });
  const tab = await web.open('/');
  await eventually(async () => keysIn(tab).length === 6);
  // Not before: a code for the key is valid for 30 seconds.
  clock.hurry();
  const [folder = ''] = (await readdir(sessionsDir)).filter((name) => name.startsWith('26-')).sort();
  const paths = sessionPaths(sessionsDir, folder);
  const key = pageKey(paths);
  using opened = openedFiles();
  for (let round = 1; round <= 3; round += 1) {
    const shown = tab.parts.get(`r-${key}`);
    const [last] = (await readEvents(paths, 0)).slice(-1);
    const next = { v: 1, n: (last?.n ?? 0) + 1, at: `2026-01-09T1${round}:00:00.000Z`, lease: 1 };
    await appendFile(paths.events, `${JSON.stringify({ ...next, type: 'done', summary: 'All of it' })}\n`);
    await eventually(async () => tab.parts.get(`r-${key}`) !== shown);
  }
  const later = await web.open('/');
  await eventually(async () => keysIn(later).length === 6);
  const ofSessions = opened.paths.filter((path) =>
    [sessionsDir, runRoot(sessionsDir)].some((root) => path.startsWith(root)),
  );
  expect(ofSessions).toContain(paths.events);
  expect(ofSessions.filter((path) => !path.includes(folder))).toEqual([]);
  for (const each of [tab, later]) each.close();
});

test('while many sessions are read for the first time, the empty page is served', async () => {
  const { repo, context, sessionsDir } = await preparedSessions(40);
  await using _ = repo;
  const pause = new EventEmitter();
  const resumed = once(pause, 'end');
  const clock = {
    ...systemClock,
    sleep: async (ms: number, signal?: AbortSignal) => {
      await (ms > 0 ? systemClock.sleep(ms, signal) : resumed);
    },
  };
  using opened = openedFiles();
  await using web = await serveWeb({ ...context, clock });
  const logs = () =>
    new Set(
      opened.paths.filter((path) => path.startsWith(runRoot(sessionsDir)) && path.endsWith('events.jsonl')),
    );
  await eventually(async () => logs().size > 0);
  expect((await web.askWithout('/')).status).toBe(200);
  expect(logs().size).toBeLessThan(40);
  pause.emit('end');
  const tab = await web.open('/');
  await eventually(async () => keysIn(tab).length === 40);
  tab.close();
});

test('the transcript of a working agent is read from where the last reading ended, and no activity is invented', async () => {
  const { project, paths } = await reportedSession({ iterations: 6, ends: 'running' });
  const { log } = (await readEvents(paths, 0)).findLast((event) => event.type === 'iteration_started') ?? {};
  const path = join(paths.logs, log ?? '');
  const line = (text: string) =>
    `${JSON.stringify({ type: 'assistant', message: { content: [{ type: 'text', text }] } })}\n`;
  await writeFile(path, '');
  await using web = await webOf(project, { clock: QUICK_CLOCK });
  const tab = await web.open(`/s/${pageKey(paths)}`);
  await eventually(async () => tab.parts.get('p-now')?.includes('The agent now'));
  expect(tab.parts.get('p-now')).not.toContain('class="sentence"');
  await appendFile(path, line('the first words'));
  await eventually(async () => tab.parts.get('p-now')?.includes('the first words'));
  const file = await open(path, 'r+');
  await file.write('x'.repeat(20), 0);
  await file.close();
  await appendFile(path, line('the last words'));
  await eventually(async () => tab.parts.get('p-now')?.includes('the last words'));
  expect(tab.parts.get('p-now')).toContain('the first words');
  tab.close();
});
