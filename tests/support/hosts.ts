import type { Host } from '../../src/core/kernel/processes/host.ts';
import type { ProcessEntry } from '../../src/core/kernel/processes/process-table.ts';

/** A fake process: sleeping, in its own group and process session. */
export function entryOf(pid: number, more: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, ppid: 1, pgid: pid, sid: pid, state: 'S', startTicks: '100', cpuTicks: 0, ...more };
}

/** A machine with only the given processes; the test's own process is always included. */
export function hostWith(processes: readonly ProcessEntry[], more: Partial<Host> = {}): Host {
  const all = [entryOf(process.pid, { startTicks: 'own' }), ...processes];
  return {
    hostId: 'this machine',
    bootId: 'this boot',
    pidNamespace: 'pid:[1]',
    processes: {
      read: async (pid) => all.findLast((entry) => entry.pid === pid),
      list: async () => all,
      environmentOf: async () => undefined,
      commandOf: async () => undefined,
    },
    ...more,
  };
}
