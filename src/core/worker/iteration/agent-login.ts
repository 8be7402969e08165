import type { Provider } from '../../agents/contract/provider.ts';
import { type LoginPlan, renewLogin } from '../../sandbox/renew-login.ts';
import { say } from '../state/failure.ts';
import type { Iteration } from '../state/iteration.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/** Renews the login of an agent's CLI if its token ends within the agent's time: in the sandbox it can't be renewed. */
export async function renewBefore(worker: Worker, open: Iteration, path: string | undefined): Promise<void> {
  const plan = await planOf(worker, open.cli, path);
  if (plan === undefined) return;
  const renewal = await renewLogin(plan, { until: worker.clock.now() + open.timeLimitMs });
  if (renewal === 'failed') say(worker, `${open.cli.title} did not renew its login.`);
}

/** Whether a login that was refused has been renewed since the agent started; only at the first failure in a row. */
export async function renewedAfter(
  worker: Worker,
  open: Iteration,
  path: string | undefined,
): Promise<boolean> {
  const plan = await planOf(worker, open.cli, path);
  if (plan === undefined || stateOf(worker).progress.failureCounts.failures > 0) return false;
  const renewal = await renewLogin(plan, { changedSince: Date.parse(open.startedAt) });
  return renewal === 'fresh' || renewal === 'renewed';
}

/** Absent if the CLI of an agent uses the person's login itself, and so renews it. */
async function planOf(
  worker: Worker,
  cli: Provider,
  path: string | undefined,
): Promise<LoginPlan | undefined> {
  const now = await worker.guard.now();
  if (path === undefined || now.level === 'none' || now.tool.kind !== 'bwrap') return undefined;
  const { host, clock } = worker;
  return { cli, path, home: await worker.guard.home(), host, clock };
}
