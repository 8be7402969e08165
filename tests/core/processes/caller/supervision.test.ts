// @module-tag ci
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { superviseIfUnfinished, supervisorProgram } from '../../../../src/core/caller/context/supervision.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { statsAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { supervisorPaths } from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { ASKING, CREATED, DONE, PREPARED } from '../../unit/session/events.ts';

type Prepare = (paths: SessionPaths, context: ActionContext) => Promise<unknown>;

const asItIs: Prepare = async () => {};

/** Whether starting a client starts a supervisor if a session has these events. */
async function isSupervised(
  events: readonly NewEvent[],
  prepare: Prepare = asItIs,
  env: Record<string, string> = {},
): Promise<boolean> {
  await using serverRig = await makeServerRig();
  const worker = join(serverRig.repo.root, 'worker.cjs');
  const programs = { worker, rehearsal: worker };
  await writeFile(supervisorProgram(programs), '');
  const context = { ...serverRig.context, programs, env: { PATH: serverRig.repo.env.PATH ?? '', ...env } };
  const paths = await serverRig.addSession('26-01-08-boat', events, { startMs: systemClock.now() });
  await prepare(paths, context);
  await superviseIfUnfinished(context);
  return statsAt(supervisorPaths(context.home, context.host).errors) !== undefined;
}

const untouchedFor =
  (days: number) =>
  async ({ events, overview }: SessionPaths) => {
    const at = new Date(systemClock.now() - days * 24 * 60 * 60_000);
    for (const path of [events, overview]) await utimes(path, at, at);
  };

const leftElsewhere: Prepare = async ({ leases }, context) => {
  await (await acquireLease(leases, { ...context, supervisor: 'another' })).release();
};

test.each<[string, boolean, readonly NewEvent[], Prepare?, Record<string, string>?]>([
  ['runs without a worker', true, [CREATED, PREPARED]],
  ['waits', true, [CREATED, PREPARED, ASKING]],
  ['is done', false, [CREATED, PREPARED, DONE]],
  ['waits, untouched for 29 days', true, [CREATED, PREPARED, ASKING], untouchedFor(29)],
  ['waits, untouched for 31 days', false, [CREATED, PREPARED, ASKING], untouchedFor(31)],
  ['is continued by another supervisor', false, [CREATED, PREPARED, ASKING], leftElsewhere],
  [
    'runs without a worker, with SAMOCODE_REVIVE=off',
    false,
    [CREATED, PREPARED],
    asItIs,
    { SAMOCODE_REVIVE: 'off' },
  ],
  [
    'runs without a worker, with SAMOCODE_SUPERVISOR=off',
    false,
    [CREATED, PREPARED],
    asItIs,
    { SAMOCODE_SUPERVISOR: 'off' },
  ],
  [
    'runs without a worker, from inside a session',
    false,
    [CREATED, PREPARED],
    asItIs,
    { SAMOCODE_SESSION: '01JH' },
  ],
])('if a session %s, starting a client starts a supervisor: %s', async (_, isStarted, ...given) => {
  expect(await isSupervised(...given)).toBe(isStarted);
});
