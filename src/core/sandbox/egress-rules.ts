import { allProviders } from '../agents/registry.ts';
import type { SandboxOpenings } from '../kernel/sandbox-level.ts';
import type { EgressRules } from './egress-proxy.ts';

const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The hosts that agents of these providers may reach: their services, including any that the user's variables name.
 */
export function egressRules(
  { hosts, ports }: SandboxOpenings,
  providers: readonly string[],
  env: EgressRules['env'],
): EgressRules & { ports: number[] } {
  const used = allProviders().filter(({ name }) => providers.includes(name));
  const named = used.flatMap(({ credentials }) => credentials).flatMap((name) => serviceIn(env[name]) ?? []);
  const isLocal = ({ hostname }: URL) => LOCAL.test(hostname);
  const portOf = ({ port, protocol }: URL) => Number(port || (protocol === 'https:' ? 443 : 80));
  return {
    hosts: [
      ...hosts,
      ...used.flatMap((provider) => provider.hosts ?? []),
      ...named.filter((url) => !isLocal(url)).map((url) => `${url.hostname}:${portOf(url)}`),
    ],
    ports: [...new Set([...ports, ...named.filter(isLocal).map(portOf)])],
    env,
  };
}

function serviceIn(value: string | undefined): URL | undefined {
  return value !== undefined && /^https?:/.test(value) && URL.canParse(value) ? new URL(value) : undefined;
}
