import { appendFile } from 'node:fs/promises';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { watchOver } from '../../src/core/sandbox/programs/launch-supervisor.ts';
import { type NewEvent, type SessionEvent, serialiseEvent } from '../../src/core/session/events/events.ts';
import { type HookServer, hookServer } from '../../tests/support/hook-server.ts';
import { type SessionRig, startRig } from '../../tests/support/session-rig.ts';
import { SUPERVISED } from '../../tests/support/supervisors.ts';
import { startSupervisor } from './parked.ts';
import { noWorker, percentiles, repeated } from './wakes.ts';

/** Milliseconds from the recording of an event until the webhook receives it. */
export async function measureNotifications(rounds: number): Promise<Record<string, number>> {
  return {
    ...percentiles('waitsNotified', await measured({ rules: [] }, { isWaiting: true, rounds })),
    ...percentiles(
      'worksNotified',
      await measured({ rules: [{ when: {}, do: [{ act: 'hang' }] }] }, { isWaiting: false, rounds }),
    ),
  };
}

async function measured(
  scenario: object,
  { isWaiting, rounds }: { isWaiting: boolean; rounds: number },
): Promise<number[]> {
  await using hook = await hookServer();
  const files = { 'home/.config/samocode/.env': `NOTIFY_WEBHOOK_URL=${hook.url}\n` };
  await using rig = await startRig({ scenario, files });
  await rig.until(({ openIteration, status }) =>
    isWaiting ? status.kind === 'waiting' : openIteration !== undefined,
  );
  if (isWaiting) await noWorker(rig);
  await startSupervisor(rig);
  await systemClock.sleep(3000);
  return await repeated(rounds, () => notified(rig, hook, isWaiting));
}

/** Records an event as a worker does; with `rings`, also wakes the supervisor, as a worker does before it exits. */
async function notified(rig: SessionRig, hook: HookServer, rings: boolean): Promise<number> {
  await systemClock.sleep(1000 * Math.random());
  const { n } = (await rig.events()).at(-1) ?? { n: 0 };
  const begun = Date.now();
  const envelope = { v: 1, n: n + 1, at: new Date(begun).toISOString(), lease: 1 };
  const event: NewEvent = { type: 'notice', code: 'fallback', text: 'codex continues' };
  await appendFile(rig.paths.events, serialiseEvent({ ...envelope, ...event } as SessionEvent));
  if (rings) await ring(rig);
  const wanted = `${rig.file.id}:${n + 1}`;
  while (!hook.ids().includes(wanted)) await systemClock.sleep(2);
  return (hook.accepted.at(-1)?.atMs ?? Number.NaN) - begun;
}

async function ring(rig: SessionRig): Promise<void> {
  const { env, home, host, clock } = rig.context();
  const program = rig.program('worker').replace('worker.cjs', 'supervisor.cjs');
  await watchOver({ env: { ...env, ...SUPERVISED }, home, host, clock, program });
}
