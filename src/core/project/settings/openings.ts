import type { SandboxOpenings } from '../../kernel/sandbox-level.ts';
import type { ResolvedSettings } from './resolve-settings.ts';

export function openingsOf({
  sandboxWrite = [],
  sandboxSockets = [],
  sandboxRead = [],
  sandboxHosts = [],
  sandboxEnv = [],
  sandboxPorts = [],
}: Omit<ResolvedSettings['values'], 'sandbox'>): SandboxOpenings {
  return {
    write: [...sandboxWrite],
    sockets: [...sandboxSockets],
    read: [...sandboxRead],
    hosts: [...sandboxHosts],
    env: [...sandboxEnv],
    ports: [...sandboxPorts],
  };
}
