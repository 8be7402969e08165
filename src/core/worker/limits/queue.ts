import { configFolder } from '../../kernel/config-folder.ts';
import { systemErrorCode } from '../../kernel/errors.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { machineSetting } from '../../project/finding/machine-setting.ts';
import { describeHolders, slotsInUse, slotsRoot } from '../../session/folder/slots.ts';
import { recordSpent, spentOnDay } from '../../session/waits/day-spent.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/**
 * Takes a free slot for the next agent; the supervisor alone decides which queued session is next. A working session
 * keeps its slot between agents, but no agent starts above the daily limit.
 * @returns why it has to queue, as text for people; undefined when it has its slot
 */
export async function queueReason(worker: Worker): Promise<string | undefined> {
  const { slots, paths, host, watch } = worker;
  const spent = await daySpent(worker);
  if (spent !== undefined) {
    await slots.leave();
    return spent;
  }
  if (slots.isHeld) return undefined;
  switch (await slots.take()) {
    case 'taken':
      return undefined;
    case 'project_full':
      return `the project's limit of parallel sessions is reached${await heldBy(slotsRoot(paths.sessionsDir), host)}`;
    case 'machine_full':
      return `the machine's limit of parallel sessions is reached${await heldBy(watch.paths.slots, host)}`;
  }
}

async function heldBy(root: string, host: Host): Promise<string> {
  const words = describeHolders(await slotsInUse(root, host).catch(() => []));
  return words && `: ${words}`;
}

/**
 * Records the cost of an iteration for the daily limit; a failure is retried before the next agent, which does not
 * start without that record if there is a limit.
 * @returns why it failed
 */
export async function noteCost(
  { watch, clock, file, memory }: Worker,
  { iteration, usd = 0 }: { iteration: number; usd?: number },
  atMs = clock.now(),
): Promise<string | undefined> {
  try {
    if (usd > 0) await recordSpent(watch.paths.spent, atMs, { session: file.id, iteration, usd });
    memory.notedCostOf = iteration;
    return undefined;
  } catch (error) {
    return `${watch.paths.spent} cannot be written (${systemErrorCode(error) ?? 'unknown reason'})`;
  }
}

/** Why no further agent may start today, as text for people; undefined below the limit, or without one. */
async function daySpent(worker: Worker): Promise<string | undefined> {
  const { watch, clock, environment, memory } = worker;
  // Uses the supervisor's environment: with a different limit from a login shell, the session would queue repeatedly.
  const machine = { env: environment.started, home: watch.home };
  const usdPerDay = await machineSetting('maxCostUsdPerDay', machine).catch(() => 'unreadable' as const);
  if (usdPerDay === 'unreadable')
    return `the settings of this machine, which may limit the cost per day, cannot be read (${configFolder(watch.home)}); no agent starts until that is fixed`;
  if (usdPerDay === undefined) return undefined;
  const { lastIteration: last } = stateOf(worker);
  const isNoted = last === undefined || last.iteration === memory.notedCostOf;
  const unnoted = isNoted ? undefined : await noteCost(worker, last, Date.parse(last.endedAt));
  const spent = await spentOnDay(watch.paths.spent, clock.now());
  const unknown = 'unknown' in spent ? spent.unknown : unnoted;
  if (unknown !== undefined)
    return `what the sessions of this machine have cost today is unknown: ${unknown}. Their cost per day is limited, so no agent starts until that is fixed`;
  if (!('usd' in spent) || spent.usd < usdPerDay) return undefined;
  return `the sessions of this machine have cost $${spent.usd.toFixed(2)} today, of the $${usdPerDay.toFixed(2)} that they may cost a day; this session continues after midnight, or once that limit is raised`;
}
