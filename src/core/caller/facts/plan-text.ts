import { isBundled, providerNamed, providerNames } from '../../agents/registry.ts';
import { age } from '../../kernel/durations.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { isOfNow, usedText } from '../../kernel/phases/usage-windows.ts';
import { machineKeep } from '../../project/finding/machine-setting.ts';
import { readPlanWindows } from '../../sandbox/plan-windows.ts';
import { hasEnded } from '../../session/events/rest.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { poolHost } from '../../session/words/facts.ts';
import type { ActionContext } from '../context/context.ts';

type Machine = Pick<ActionContext, 'env' | 'home' | 'clock'>;

const UNKNOWN = 'unknown, so no agent waits for it';
export const NOTHING_KEPT = 'nothing is kept for you: this login has no window';

/**
 * How much of its plan a login has used, as last seen: `42 % of 5 hours, ends 11-28 14:10, seen 3 min ago`. Says where
 * the machine keeps something and nothing is known; else undefined. Asks no one.
 */
export async function planText(provider: string, machine: Machine): Promise<string | undefined> {
  // Of a session that another build began, with an agent that this one does not have.
  if (!providerNames().includes(provider)) return undefined;
  const now = machine.clock.now();
  const windows = await readPlanWindows(provider, { dir: machine.home, env: machine.env });
  const seen = windows.filter((each) => isOfNow(each, now));
  if (seen.length > 0)
    return seen
      .map((each) => {
        const ends = stampsAt(each.endsAt).log;
        return `${usedText(each)}, ends ${ends}, seen ${age(now - each.seenAt)} ago`;
      })
      .join('; ');
  if (!(await keepsSome(machine))) return undefined;
  return hasWindows(provider) || windows.length > 0 ? UNKNOWN : NOTHING_KEPT;
}

/** The plan of the login that works on a session, while it may have more agents here. */
export function planOf(view: SessionView, machine: Machine): Promise<string | undefined> {
  const provider = workingProvider(view);
  return provider === undefined ? Promise.resolve(undefined) : planText(provider, machine);
}

/** The plans of these sessions, one line each: `claude: 42 % of 5 hours, …`. */
export async function planLines(views: readonly SessionView[], machine: Machine): Promise<string[]> {
  const names = new Set(views.flatMap((view) => workingProvider(view) ?? []));
  const lines = [...names].map(async (name) => {
    const text = await planText(name, machine);
    return text === undefined ? [] : [`${name}: ${text}`];
  });
  return (await Promise.all(lines)).flat();
}

/** For a start: the agents of which nothing can be kept, if something should be. */
export async function withoutWindows(providers: Iterable<string>, machine: Machine): Promise<string[]> {
  const names = [...providers].filter((name) => !hasWindows(name) && !isBundled(name));
  if (names.length === 0 || !(await keepsSome(machine))) return [];
  return names.map((name) => `${providerNamed(name).title}: ${NOTHING_KEPT}.`);
}

/** Whether its windows can be known before an agent has run. */
function hasWindows(provider: string): boolean {
  return providerNamed(provider).windows !== undefined;
}

async function keepsSome(machine: Machine): Promise<boolean> {
  const keep = await machineKeep(machine);
  return Boolean(keep['5h'] || keep['7d']);
}

function workingProvider(view: SessionView): string | undefined {
  const { status, openIteration, lastProvider, archived } = view.state;
  // Another machine of a pool has other logins.
  if (archived || hasEnded(status.kind) || poolHost(view)) return undefined;
  return openIteration?.provider ?? lastProvider ?? view.sessionFile?.settings.provider;
}
