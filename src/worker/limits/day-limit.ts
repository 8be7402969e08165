import { machineLimits } from '../../project/finding/machine-limits.ts';
import { noteSpent, spentOnDay } from '../../session/day-spent.ts';
import { ifTaken } from '../core/passing-errors.ts';
import type { Worker } from '../core/worker.ts';

/** Notes what an iteration cost for the limit of the day. A nicety: where it cannot be written, the limit knows less. */
export async function noteCost(worker: Worker, iteration: number, usd: number | undefined): Promise<void> {
  if (usd === undefined || usd <= 0) return;
  const { watch, clock, file } = worker;
  await ifTaken(noteSpent(watch.paths.spent, clock.now(), { session: file.id, iteration, usd })).catch(
    () => undefined,
  );
}

/** Why no further agent may begin today, in words for people; undefined below the limit, and without one. */
export async function daySpent({ watch, clock, environment }: Worker): Promise<string | undefined> {
  // As the supervisor that admits it knows the limit: a login shell may know another, and it would queue again and again.
  const { usdPerDay } = await machineLimits(environment.started, watch.home).catch(() => ({
    usdPerDay: undefined,
  }));
  if (usdPerDay === undefined) return undefined;
  const spent = await spentOnDay(watch.paths.spent, clock.now()).catch(() => 0);
  if (spent < usdPerDay) return undefined;
  return `the sessions of this machine have cost $${spent.toFixed(2)} today, and MAX_COST_USD_PER_DAY is ${usdPerDay}; it continues after midnight, or once that limit is raised`;
}
