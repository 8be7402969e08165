import { readFile, writeFile } from 'node:fs/promises';
import { sendMessage } from '../../src/core/acts/sessions/send-message.act.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { runningEntry } from '../../src/core/kernel/processes/host.ts';
import { readLeases } from '../../src/core/kernel/processes/lease.ts';
import type { EventType } from '../../src/core/session/events/bodies/event-types.ts';
import { readEvents } from '../../src/core/session/log/event-log.ts';
import { type SessionRig, startRig } from '../../tests/support/session-rig.ts';
import { round } from '../bench.ts';
import { startSupervisor } from './parked.ts';

/** Long enough that the worker does not wait for the end of the limit itself. */
const LIMIT_SECONDS = 65;

/** How soon a session continues after each kind of wake-up. */
export async function measureWakes(rounds: number): Promise<Record<string, number>> {
  // Fewer rounds where each one creates a session and waits for a limit or a delay.
  const slow = Math.ceil(rounds / 4);
  // At the same time as the others: a session that waits for a minute does not slow them down.
  const limits = Promise.all(Array.from({ length: Math.ceil(slow / 4) }, endOfLimit));
  return {
    ...percentiles('command', await commands(rounds)),
    ...percentiles('answers', await repeated(slow, typedAnswers)),
    ...percentiles('crash', (await repeated(Math.ceil(slow / 2), twoCrashes)).flat()),
    ...percentiles('limit', await limits),
  };
}

export function percentiles(name: string, times: readonly number[]): Record<string, number> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { [`${name}MsP50`]: at(0.5), [`${name}MsP99`]: at(0.99) };
}

export async function repeated<T>(rounds: number, measure: () => Promise<T>): Promise<T[]> {
  const values: T[] = [];
  for (let index = 0; index < rounds; index += 1) values.push(await measure());
  return values;
}

/** Milliseconds from the act until the worker that it starts holds the lease. */
async function commands(rounds: number): Promise<number[]> {
  await using rig = await waitingRig();
  await startSupervisor(rig);
  return await repeated(rounds, async () => {
    await noWorker(rig);
    const begun = Date.now();
    await sendMessage({ session: rig.file.folder, text: 'Think of the small boats too.' }, rig.context());
    return (await leaseSince(rig, begun)) - begun;
  });
}

/** Waits for a lease since `begun`: the act returns once its command is answered or queued, which may be earlier. */
async function leaseSince(rig: SessionRig, begun: number): Promise<number> {
  for (;;) {
    const times = (await readLeases(rig.paths.leases)).map(({ acquiredAt }) => Date.parse(acquiredAt));
    const first = times.filter((time) => time >= begun).sort((a, b) => a - b)[0];
    if (first !== undefined) return first;
    await systemClock.sleep(5);
  }
}

/** Milliseconds from the last answer, marked as complete, to the next agent. */
async function typedAnswers(): Promise<number> {
  await using rig = await waitingRig();
  await startSupervisor(rig);
  await systemClock.sleep(500);
  const text = await readFile(rig.paths.qa, 'utf8');
  const answered = text
    .replace(/^(?:\*\*)?Answer:.*$/gm, (line) => `${line} A`)
    .replace(/^Status: .*$/m, 'Status: answered');
  const { n } = await rig.state();
  const begun = Date.now();
  await writeFile(rig.paths.qa, answered);
  return (await timeOf(rig, 'iteration_started', n)) - begun;
}

async function endOfLimit(): Promise<number> {
  const rules = [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: LIMIT_SECONDS }] }];
  await using rig = await startRig({ scenario: { rules } });
  await startSupervisor(rig);
  const { status, n } = await rig.until(({ status: { kind } }) => kind === 'limited', { leaveDead: true });
  const until = status.kind === 'limited' ? status.until : Number.NaN;
  return (await timeOf(rig, 'iteration_started', n)) - until;
}

/** Milliseconds from the end of a worker to the lease of the next, twice; more would be a crash loop. */
async function twoCrashes(): Promise<number[]> {
  await using rig = await startRig({ scenario: { rules: [{ when: {}, do: [{ act: 'hang' }] }] } });
  await startSupervisor(rig);
  await rig.until(({ openIteration }) => openIteration !== undefined, { leaveDead: true });
  return await repeated(2, async () => {
    const begun = Date.now();
    const pid = await rig.killWorker();
    for (;;) {
      const now = await rig.workerPid();
      if (now !== undefined && now !== pid) break;
      await systemClock.sleep(10);
    }
    const lease = (await readLeases(rig.paths.leases)).at(-1);
    await systemClock.sleep(500);
    return Date.parse(lease?.acquiredAt ?? '') - begun;
  });
}

async function waitingRig(): Promise<SessionRig> {
  const rig = await startRig({ scenario: { rules: [] } });
  await rig.untilWaiting('qa_answers');
  await noWorker(rig);
  return rig;
}

/** Waits until the last worker has exited: after it releases its lease, it still hands over for a moment. */
export async function noWorker(rig: SessionRig): Promise<void> {
  const { host } = rig.context();
  for (;;) {
    const owner = (await readLeases(rig.paths.leases)).at(-1)?.owner;
    if (owner === undefined || (await runningEntry(host, owner)) === undefined) return;
    await systemClock.sleep(5);
  }
}

async function timeOf(rig: SessionRig, type: EventType, after: number): Promise<number> {
  for (;;) {
    const event = (await readEvents(rig.paths, after)).find((one) => one.type === type);
    if (event !== undefined) return Date.parse(event.at);
    await systemClock.sleep(10);
  }
}
