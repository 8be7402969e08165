import { machineSetting } from '../project/finding/machine-setting.ts';
import { slotsInUse, slotsRoot } from '../session/folder/slots.ts';
import { spentOnDay } from '../session/waits/day-spent.ts';
import type { WatchedSession } from './session.ts';
import type { Supervisor } from './supervisor.ts';

/** Whether MAX_COST_USD_PER_DAY is reached, or might be because the amount spent is unknown. */
export async function isDaySpent(supervisor: Supervisor): Promise<boolean> {
  const { clock, paths } = supervisor;
  const usdPerDay = await machineSetting('maxCostUsdPerDay', supervisor);
  if (usdPerDay === undefined) return false;
  const spent = await spentOnDay(paths.spent, clock.now());
  return 'unknown' in spent || spent.usd >= usdPerDay;
}

/**
 * Chooses the sessions that start next: the project with the fewest slots in use first, and within it the
 * oldest session. A full project delays no other.
 * @param all every session, to find those that were just admitted and have no slot yet
 * @param onUnreadable called for a project whose slots cannot be read; it gets none
 */
export async function admit(
  queued: readonly WatchedSession[],
  all: readonly WatchedSession[],
  supervisor: Supervisor,
  onUnreadable: (sessionsDir: string, error: unknown) => void = () => undefined,
): Promise<WatchedSession[]> {
  const { host, paths } = supervisor;
  const parallel = await machineSetting('maxParallelOnMachine', supervisor);
  const waiting = new Map<string, WatchedSession[]>();
  for (const session of queued.toSorted(byAge)) {
    const { sessionsDir } = session.paths;
    waiting.set(sessionsDir, [...(waiting.get(sessionsDir) ?? []), session]);
  }
  const starting = await startingIn(all, supervisor);
  const inUse = new Map<string, number>();
  for (const dir of waiting.keys()) {
    const slots = slotsInUse(slotsRoot(dir), host);
    const used = await slots
      .then(({ length }) => length)
      .catch((error: unknown) => {
        onUnreadable(dir, error);
        return Number.POSITIVE_INFINITY;
      });
    inUse.set(dir, used + (starting.get(dir) ?? 0));
  }
  const startingAnywhere = [...starting.values()].reduce((sum, count) => sum + count, 0);
  let free =
    parallel === undefined
      ? Number.POSITIVE_INFINITY
      : parallel - (await slotsInUse(paths.slots, host)).length - startingAnywhere;
  const admitted: WatchedSession[] = [];
  for (; free > 0; free -= 1) {
    const dir = nextProject(waiting, inUse);
    const session = dir === undefined ? undefined : waiting.get(dir)?.shift();
    if (dir === undefined || session === undefined) break;
    inUse.set(dir, (inUse.get(dir) ?? 0) + 1);
    admitted.push(session);
  }
  return admitted;
}

function nextProject(
  waiting: ReadonlyMap<string, WatchedSession[]>,
  inUse: ReadonlyMap<string, number>,
): string | undefined {
  const free = [...waiting].filter(([dir, [first]]) => {
    const used = inUse.get(dir) ?? 0;
    const limit = first?.view.sessionFile?.settings.maxParallel ?? Number.MAX_SAFE_INTEGER;
    return first !== undefined && used < limit;
  });
  const [first] = free.toSorted(
    ([a, sessionsA], [b, sessionsB]) =>
      (inUse.get(a) ?? 0) - (inUse.get(b) ?? 0) || byAge(sessionsA[0], sessionsB[0]),
  );
  return first?.[0];
}

/** Per SESSIONS folder, the sessions whose worker was just started and might still take a slot. */
async function startingIn(
  all: readonly WatchedSession[],
  supervisor: Supervisor,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const session of all) {
    if (session.waits.for !== 'turn' || !(await session.isStarting(supervisor))) continue;
    const { sessionsDir } = session.paths;
    counts.set(sessionsDir, (counts.get(sessionsDir) ?? 0) + 1);
  }
  return counts;
}

function byAge(a: WatchedSession | undefined, b: WatchedSession | undefined): number {
  const [one, other] = [a, b].map((session) => session?.view.state.createdAt ?? '');
  return (one ?? '').localeCompare(other ?? '');
}
