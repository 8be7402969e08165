import type { WindowUsed } from '../../agents/contract/events.ts';
import { providerNamed } from '../../agents/registry.ts';
import { isSameWindow, type KeptWindow, keptWindows } from '../../kernel/phases/usage-windows.ts';
import { machineKeep } from '../../project/finding/machine-setting.ts';
import type { HomePlaces } from '../../sandbox/home.ts';
import { askPlanWindows, notePlanWindows, readPlanWindows } from '../../sandbox/plan-windows.ts';
import type { Limit } from '../../session/waits/limit-wait.ts';
import { stateOf, type Worker } from '../core/worker.ts';

/** A wait because a person keeps the rest of a plan, before its limit is reached. */
export interface KeptLimit extends Limit {
  kept: KeptWindow[];
}

/** The windows of the account that a provider would use, if less is left of one than the person keeps. */
export async function keptLimit(worker: Worker, provider: string): Promise<KeptLimit | undefined> {
  const keep = await keepNow(worker);
  if (!keep['5h'] && !keep['7d']) return undefined;
  const home = homeOf(worker);
  const cli = providerNamed(provider);
  const { chosen } = stateOf(worker);
  const ofChoice = chosen?.provider === provider ? chosen.cliPath : undefined;
  const path = ofChoice ?? worker.file.settings.cliPaths[provider];
  if (path !== undefined) await askPlanWindows(cli, path, home, worker.clock);
  const { opened = [] } = stateOf(worker);
  const kept = keptWindows(await readPlanWindows(provider, home), keep, worker.clock.now())
    .map(({ window, used, endsAt, keep }) => ({ provider, window, used, endsAt, keep }))
    .filter((each) => !opened.some((other) => isSameWindow(each, other)));
  if (kept.length === 0) return undefined;
  return { until: Math.max(...kept.map(({ endsAt }) => endsAt)), guessed: false, kept };
}

/** The larger of the machine's, as it is now, and of what the project's file raised at the start. */
async function keepNow({ environment, watch, file }: Worker) {
  // As for the cost per day, the supervisor's environment counts: a login shell's may be another one.
  const keep = await machineKeep({ env: environment.started, home: watch.home });
  const { keep: raised = {} } = file.settings;
  const larger = (window: '5h' | '7d') => Math.max(keep[window] ?? 0, raised[window] ?? 0);
  return { '5h': larger('5h'), '7d': larger('7d') };
}

/** Shares the figures of an agent with every session of the account. */
export async function noteWindows(
  worker: Worker,
  provider: string,
  seen: readonly WindowUsed[] = [],
  printedAt = 0,
): Promise<void> {
  const windows = seen.map((each) => ({ seenAt: printedAt, ...each, from: 'agent' as const }));
  await notePlanWindows(provider, homeOf(worker), windows);
}

function homeOf({ env, watch }: Worker): HomePlaces {
  return { dir: watch.home, env };
}
