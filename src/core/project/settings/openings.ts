import type { SandboxOpenings } from '../../kernel/sandbox-level.ts';
import type { Settings } from './settings.ts';

export function openingsOf({
  sandboxWrite = [],
  sandboxSockets = [],
  sandboxRead = [],
  sandboxHosts = [],
  sandboxEnv = [],
  sandboxPorts = [],
}: Omit<Settings, 'sandbox'>): SandboxOpenings {
  return {
    write: [...sandboxWrite],
    sockets: [...sandboxSockets],
    read: [...sandboxRead],
    hosts: [...sandboxHosts],
    env: [...sandboxEnv],
    ports: [...sandboxPorts],
  };
}
