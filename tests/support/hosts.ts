import type { Host } from '../../src/core/kernel/processes/host.ts';
import {
  listedWalk,
  type ProcessEntry,
  type ProcessTable,
} from '../../src/core/kernel/processes/process-table.ts';

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
    processes: tableOf(() => all),
    ...more,
  };
}

/** A table of processes without environments; `entries` is called for each read. */
export function tableOf(entries: () => readonly ProcessEntry[]): ProcessTable {
  return {
    read: async (pid) => listedWalk(entries()).read(pid),
    list: async () => [...entries()],
    walk: async () => listedWalk(entries()),
    environmentOf: async () => undefined,
    commandOf: async () => undefined,
  };
}

/** A table that counts what is read through it: stats and environments of processes, walks, and listings of the machine. */
export function countedTable(table: ProcessTable) {
  const counts = { stats: 0, environments: 0, walks: 0, listings: 0 };
  const read = (pid: number) => {
    counts.stats += 1;
    return table.read(pid);
  };
  const list = () => {
    counts.listings += 1;
    return table.list();
  };
  const walk = async () => {
    counts.walks += 1;
    const walking = await table.walk();
    return {
      ...walking,
      read: (pid: number) => {
        counts.stats += 1;
        return walking.read(pid);
      },
    };
  };
  const environmentOf = (pid: number, name: string) => {
    counts.environments += 1;
    return table.environmentOf(pid, name);
  };
  return { counts, table: { ...table, read, list, walk, environmentOf } };
}
