import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { pendingCommandIds } from '../../src/core/session/commands/commands.ts';
import { bundleScript } from './bundle-script.ts';
import type { WriterPlan } from './command-writer.ts';
import { type SessionRig, startRig } from './session-rig.ts';
import { tempDir } from './temp-dir.ts';

export interface StormPlan {
  writers: number;
  /** In total; each writer sends an equal part in batches. */
  commands: number;
  heapSize: number;
  /** Events between two kills of the worker; without it none is killed. */
  killEvery?: number;
}

export interface StormReport {
  commands: number;
  ms: number;
  /** Workers that took over, and the number of them that found a dead one. */
  workers: number;
  died: number;
}

/** Sends commands from several processes to a session whose worker leaves and returns, and counts the answers. */
export async function commandStorm(plan: StormPlan): Promise<StormReport> {
  await using dir = await tempDir('samocode-storm-');
  const script = await bundleScript('command-writer.ts', dir.path);
  await using rig = await startRig({ start: { task: 'x', run: false } });
  await rig.until(({ status }) => status.kind === 'stopped');
  const before = (await rig.state()).n;
  const begun = performance.now();
  const stop = new AbortController();
  const killing = plan.killEvery === undefined ? undefined : keepKilling(rig, plan.killEvery, stop.signal);
  const sent = await Promise.all(Array.from({ length: plan.writers }, () => write(rig, script, plan)));
  stop.abort();
  await killing;
  await rig.until(({ status }) => status.kind === 'stopped');
  // The last worker may have been killed after every writer had ended.
  for (; pendingCommandIds(rig.paths).length > 0; await systemClock.sleep(50))
    if ((await rig.view()).needsWorker) await rig.launch();
  const ms = Math.round(performance.now() - begun);
  const ids = sent.flat();
  const events = await rig.events(before);
  const answered = events.flatMap((event) =>
    event.type === 'command_accepted' || event.type === 'command_refused' ? [event.id] : [],
  );
  assert.deepEqual([...answered].sort(), [...ids].sort(), 'each command has exactly one answer');
  const kept = events.flatMap((event) => (event.type === 'message_kept' ? [event.id] : []));
  const accepted = events.flatMap((event) => (event.type === 'command_accepted' ? [event.id] : []));
  assert.deepEqual(kept, accepted, 'each message that was taken is kept, in the order of the answers');
  const waiting = (await rig.state()).messages.waiting.map(({ id }) => id);
  assert.deepEqual(waiting.slice(-kept.length), kept);
  const took = events.filter((event) => event.type === 'worker_took_over');
  const died = took.filter((event) => event.previous === 'died').length;
  return { commands: ids.length, ms, workers: took.length, died };
}

async function write(rig: SessionRig, script: string, plan: StormPlan): Promise<string[]> {
  const { env } = rig.context();
  const heaps = plan.commands / plan.writers / plan.heapSize;
  const { sessionsDir, folder } = rig.paths;
  const { heapSize } = plan;
  const given: WriterPlan = { sessionsDir, folder, worker: rig.program('worker'), env, heaps, heapSize };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(given)], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').filter(Boolean);
}

// By events, not by time: on a busy machine a worker would be killed before it had done anything.
async function keepKilling(rig: SessionRig, every: number, signal: AbortSignal): Promise<void> {
  for (let killedAt = (await rig.state()).n; !signal.aborted; await systemClock.sleep(20)) {
    const { n } = await rig.state();
    if (n - killedAt < every) continue;
    killedAt = n;
    await rig.killWorker();
  }
}
