import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BASE_ERRORS } from '../../../../src/core/kernel/base-errors.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { isLogQuarantined, readEvents } from '../../../../src/core/session/log/event-log.ts';
import { EventWriter } from '../../../../src/core/session/log/event-writer.ts';
import { isPassing } from '../../../../src/core/worker/state/passing-errors.ts';
import { ci } from '../../../support/ci.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { notice } from '../../../support/temp-log.ts';

const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0 && process.getuid?.() === 0;

/** A session on a separate disk that can be unmounted while its files are open. */
async function onOwnDisk() {
  const dir = await tempDir();
  const [disk, place] = [join(dir.path, 'disk'), join(dir.path, 'sessions')];
  await mkdir(join(disk), { recursive: true });
  await mkdir(place);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', disk]);
  const mount = () => execFileSync('mount', ['--bind', disk, place]);
  const away = () => execFileSync('umount', ['--lazy', place]);
  mount();
  const paths = sessionPaths(place, '26-01-08-x');
  await mkdir(paths.runDir, { recursive: true });
  const host = await systemHost();
  const lease = await acquireLease(paths.leases, {
    host,
    clock: systemClock,
    within: paths.runDir,
    onDisks: [place],
  });
  const writer = await EventWriter.open(paths, lease, systemClock);
  return {
    ...{ paths, place, host, lease, writer, mount, away },
    async [Symbol.asyncDispose]() {
      writer[Symbol.dispose]();
      for (const path of [place, disk]) spawnSync('umount', ['--lazy', path]);
      await dir[Symbol.asyncDispose]();
    },
  };
}

test.skipIf(!mayMount)(
  'while the disk of a session is unmounted nothing is written at its place, and then its worker writes on',
  ci,
  async () => {
    await using it = await onOwnDisk();
    const { writer, lease, paths } = it;
    await writer.append(notice('before'));
    const mark = writer.mark();
    it.away();
    const failures = await Promise.all(
      [lease.check(), writer.append(notice('away')), writer.isChangedSince(mark)].map((act) =>
        act.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    expect(failures.map((error) => [BASE_ERRORS.place_away.is(error), isPassing(error)])).toEqual(
      failures.map(() => [true, true]),
    );
    expect(await readdir(it.place)).toEqual([]);
    it.mount();
    await writer.append(notice('after'));
    expect(await writer.isChangedSince(writer.mark())).toBe(false);
    expect(isLogQuarantined(paths)).toBe(false);
    expect((await readEvents(paths, 0)).map((event) => 'text' in event && event.text)).toEqual([
      'before',
      'after',
    ]);
  },
);

test('a session whose files say no time has that of its folder, not the year 1970', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(paths.rewrittenEvents, { recursive: true });
  const view = await readSession(paths, await systemHost());
  const nowMs = Date.now();
  expect(view?.state.status.kind).toBe('starting');
  expect(nowMs - Date.parse(view?.state.status.since ?? '')).toBeLessThan(3_600_000);
});
