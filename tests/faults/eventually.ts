import { systemClock } from '../../src/base/clock.ts';

/** Looks until it holds, for half a minute. expect.poll knows only one test at a time, and rows run side by side. */
export async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await systemClock.sleep(50)) {
    if (await holds().catch(() => false)) return;
  }
  throw new Error(`It never came about: ${what}`);
}
