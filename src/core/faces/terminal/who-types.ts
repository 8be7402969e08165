import { allProviders } from '../../agents/registry.ts';
import type { Host } from '../../kernel/processes/host.ts';
import { inheritedVariable } from '../../kernel/processes/inherited-variables.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';

export interface Typist {
  env: Readonly<Record<string, string | undefined>>;
  host: Pick<Host, 'processes'>;
  /** Stdin is a terminal, and so is stdout or stderr. */
  hasTerminal: boolean;
}

/**
 * Determines whether a person runs this command line: only in a terminal that no agent CLI has opened.
 * Anything else counts as a tool.
 */
export async function whoTypes({ env, host, hasTerminal }: Typist): Promise<By> {
  const markers = agentMarkers();
  const names = Object.keys(markers);
  const own = names.find((name) => env[name]);
  const marker = own ?? (hasTerminal ? await inheritedVariable(host, names) : undefined);
  if (marker !== undefined) return byTool(`run by ${markers[marker]}`);
  return hasTerminal ? { channel: 'cli', client: 'samocode' } : byTool('without a terminal');
}

function byTool(how: string): By {
  return { channel: 'tool', client: `samocode, ${how}` };
}

/**
 * Variables that agent CLIs set for the commands they run. Excludes variables that people set in shell profiles,
 * such as CLAUDE_CODE_USE_BEDROCK or CODEX_HOME.
 */
export function agentMarkers(): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(
      allProviders().flatMap(({ markers, title }) => markers.map((name) => [name, title])),
    ),
    CLINE_ACTIVE: 'Cline',
    AUGMENT_AGENT: 'Augment',
    // Set by several agents, some of which also set their own variable.
    AI_AGENT: 'an agent',
  };
}
