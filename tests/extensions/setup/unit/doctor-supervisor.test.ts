import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import {
  registerSessions,
  supervisorPaths,
} from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { supervisorChecks } from '../../../../src/extensions/setup/doctor/service-checks.ts';
import { ASKING, CREATED, DONE, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { ABOUT } from '../../../support/supervisors.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A separate home; sessions are registered by their names. */
async function machine(env: Record<string, string> = {}) {
  const dir = await tempDir();
  const host = await systemHost();
  const context: ActionContext = {
    ...{ clock: systemClock, host, env, home: join(dir.path, 'home'), cwd: dir.path, by: { channel: 'cli' } },
    programs: { worker: '/none', rehearsal: '/none' },
  };
  await mkdir(context.home);
  const paths = supervisorPaths(context.home, host);
  const sessionsDir = join(dir.path, 'sessions');
  const check = async (id: string) => (await supervisorChecks(context)).find((each) => each.id === id);
  return {
    ...{ context, paths, check, at: (...names: string[]) => join(dir.path, ...names) },
    async session(folder: string, event = ASKING) {
      const session = sessionPaths(sessionsDir, folder);
      await writeEvents(session, [CREATED, PREPARED, event]);
      await (
        await acquireLease(session.leases, { host, clock: systemClock, supervisor: paths.identity })
      ).release();
      await registerSessions(paths, sessionsDir, systemClock);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('if no session is unfinished no supervisor is reported missing, and none is started', async () => {
  await using here = await machine();
  await here.session('26-01-08-over', DONE);
  expect(await here.check('supervisor')).toMatchObject({ level: 'ok' });
  expect(await readdir(here.paths.dir)).toEqual(['sessions']);
});

test('a session that waits without a supervisor is a warning that names it', async () => {
  await using here = await machine();
  await here.session('26-01-08-boats');
  expect(await here.check('supervisor')).toMatchObject({
    level: 'warn',
    found: expect.stringContaining('nothing watches 26-01-08-boats'),
  });
});

test('a running supervisor is listed with its pid and version', async () => {
  await using here = await machine();
  const { paths, context } = here;
  await using _lease = await acquireLease(paths.leases, context);
  await writeFile(paths.about, JSON.stringify(ABOUT));
  const found = expect.stringContaining(`process ${process.pid}, version 1.2.3`);
  expect(await here.check('supervisor')).toMatchObject({ level: 'ok', found });
});

test('SAMOCODE_SUPERVISOR=off is a warning', async () => {
  await using here = await machine({ SAMOCODE_SUPERVISOR: 'off' });
  expect(await here.check('supervisor')).toMatchObject({ level: 'warn' });
});

test("if the supervisor's folder cannot be created, the doctor says that sessions run unwatched", async () => {
  await using here = await machine();
  await mkdir(here.at('home/.config/samocode'), { recursive: true });
  await writeFile(here.at('home/.config/samocode/supervisor'), '');
  expect(await here.check('supervisor')).toMatchObject({
    level: 'warn',
    found: expect.stringContaining('sessions still run, but nothing watches them'),
  });
});

const UNITS = '.config/systemd/user';

test.runIf(process.platform === 'linux')(
  'an installed service whose program is gone is a warning',
  async () => {
    await using here = await machine();
    const unit = here.at('home', UNITS, 'samocode-supervisor.service');
    expect(await here.check('supervisor.service')).toBeUndefined();
    await mkdir(dirname(unit), { recursive: true });
    await writeFile(unit, `[Service]\nExecStart="${process.execPath}" "${here.at('gone.cjs')}" "--stay"\n`);
    expect(await here.check('supervisor.service')).toMatchObject({
      level: 'warn',
      found: expect.stringContaining('gone.cjs'),
    });
    await writeFile(here.at('gone.cjs'), '');
    expect(await here.check('supervisor.service')).toBeUndefined();
  },
);
