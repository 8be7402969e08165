import { expect, test } from 'vitest';
import { providerNamed } from '../../../../src/core/agents/registry.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { watchAgent } from '../../../../src/core/worker/iteration/run-iteration.ts';
import { AgentOutput } from '../../../../src/core/worker/limits/output.ts';
import { iterationOf } from '../../../../src/core/worker/state/iteration.ts';
import { workerWithChild } from '../../../core/unit/worker/worker-with-child.ts';
import { tempLog } from '../../../support/temp-log.ts';

/** Sleeps of this clock take no time. */
function quickClock() {
  let ms = 0;
  const sleep = async (asked: number) => {
    ms += asked;
  };
  return { now: () => ms, monotonic: () => ms, sleep };
}

test('an agent whose CLI prints only at its end is never taken for stalled: its time limit ends it', async () => {
  await using log = await tempLog();
  const settings = { watch: { firstByteMs: 1000, stallMs: 10_000, stallEndMs: 20_000 } };
  await using scene = await workerWithChild(log, { settings, clock: quickClock(), timeLimitMs: 60_000 });
  const open = iterationOf(scene.worker, { ...scene.open, provider: 'antigravity' });
  using childLog = new AgentOutput(scene.stdout, providerNamed('antigravity'));
  expect((await watchAgent(scene.worker, open, scene.child, childLog)).end).toBe('timeout');
  expect((await readEvents(log.paths, 0)).filter(({ type }) => type === 'notice')).toEqual([]);
});
