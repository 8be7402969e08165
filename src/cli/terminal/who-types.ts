import type { Host } from '../../base/processes/host.ts';
import { inheritedVariable } from '../../base/processes/inherited-variables.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { AGENT_MARKERS } from './agent-markers.ts';

export interface Typist {
  env: Readonly<Record<string, string | undefined>>;
  host: Pick<Host, 'processes'>;
  /** Stdin is a terminal, and so is stdout or stderr. */
  hasTerminal: boolean;
}

/**
 * Whose act a command line is. A person's only in a terminal that no agent CLI has opened: whatever else runs our
 * program is a program, and counts as a tool.
 */
export async function whoTypes({ env, host, hasTerminal }: Typist): Promise<By> {
  const names = Object.keys(AGENT_MARKERS);
  const own = names.find((name) => env[name]);
  const marker = own ?? (hasTerminal ? await inheritedVariable(host, names) : undefined);
  if (marker !== undefined) return byTool(`run by ${AGENT_MARKERS[marker]}`);
  return hasTerminal ? { channel: 'cli', client: 'samocode' } : byTool('without a terminal');
}

function byTool(how: string): By {
  return { channel: 'tool', client: `samocode, ${how}` };
}
