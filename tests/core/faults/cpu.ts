import { expect } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { systemProcessTable } from '../../../src/core/kernel/processes/process-table.ts';

const SAMPLE_MS = 1500;
/** Ticks of 1/100 s: a worker that polls uses a few, while one that spins uses all available. */
const MAX_TICKS = 60;

/** An idle worker must not use CPU time. A process that has ended counts as idle. */
export async function expectNoSpin(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  const table = systemProcessTable();
  const before = await table.read(pid);
  await systemClock.sleep(SAMPLE_MS);
  const after = await table.read(pid);
  if (before === undefined || after === undefined || before.startTicks !== after.startTicks) return;
  expect(after.cpuTicks - before.cpuTicks, 'CPU ticks of a waiting worker').toBeLessThan(MAX_TICKS);
}
