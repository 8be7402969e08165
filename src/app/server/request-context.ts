import { homedir } from 'node:os';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { systemClock } from '../../core/kernel/clock.ts';
import { systemHost } from '../../core/kernel/processes/host.ts';
import { useExtensions } from '../extensions/extensions.ts';
import { useProviders } from '../extensions/providers.ts';

/** What a server needs for all but its handshake. */
export function useEverything(): void {
  useProviders();
  useExtensions();
}

export async function actionsOf(
  programs: ActionContext['programs'],
  env: ActionContext['env'],
): Promise<Omit<ActionContext, 'by' | 'roots'>> {
  return {
    host: await systemHost(),
    clock: systemClock,
    env,
    home: homedir(),
    cwd: workingFolder(),
    programs,
  };
}

/** The client's folder may have been removed; calls that name a project still work. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}
