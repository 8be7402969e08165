import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod';
import { ifThere } from './errors.ts';
import { isRunning, type ProcessTable, pidNamespace, systemProcessTable } from './process-table.ts';
import { runCommand } from './run-command.ts';

/** The machine that we run on; tests hand in other boots, hosts and namespaces. */
export interface Host {
  /** Names the machine over its reboots. */
  hostId: string;
  /** Names this boot of it; the same text means the same running kernel. */
  bootId: string;
  /** The pid namespace that our pids are counted in. */
  pidNamespace: string;
  processes: ProcessTable;
}

/** Which process: a pid alone is reused, so its start, boot, namespace and machine go with it. */
export const ProcessIdentity = z.object({
  pid: z.int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
  hostId: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

export function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return (
    a.pid === b.pid &&
    a.startTicks === b.startTicks &&
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace &&
    a.hostId === b.hostId
  );
}

/** `unknowable`: on another machine or in another pid namespace, so never to be taken for dead. */
export type Liveness = 'alive' | 'dead' | 'unknowable';

let found: Promise<Host> | undefined;

/** This machine, asked once per process. */
export function systemHost(): Promise<Host> {
  found ??= readSystemHost();
  return found;
}

async function readSystemHost(): Promise<Host> {
  const machineId = ifThere(() => readFileSync('/etc/machine-id', 'utf8'));
  return {
    hostId: machineId?.trim() || hostname(),
    bootId: await readBootId(),
    pidNamespace: pidNamespace(),
    processes: systemProcessTable(),
  };
}

async function readBootId(): Promise<string> {
  const linux = ifThere(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  if (linux !== undefined) return linux.trim();
  const { stdout } = await runCommand('sysctl', ['-n', 'kern.bootsessionuuid']);
  return stdout.trim();
}

/** The identity of a process of this machine, or undefined when it does not run. */
export async function identify(host: Host, pid: number): Promise<ProcessIdentity | undefined> {
  const entry = await host.processes.read(pid);
  if (!isRunning(entry)) return undefined;
  const { bootId, pidNamespace: namespace, hostId } = host;
  return { pid, startTicks: entry.startTicks, bootId, pidNamespace: namespace, hostId };
}

/** Whether the process of `identity` still runs, as far as it can be known from here. Slowness is never death. */
export async function livenessOf(host: Host, identity: ProcessIdentity): Promise<Liveness> {
  // An equal boot id is an equal kernel, whatever the host calls itself in a container.
  if (identity.bootId !== host.bootId) return identity.hostId === host.hostId ? 'dead' : 'unknowable';
  if (identity.pidNamespace !== host.pidNamespace) return 'unknowable';
  const entry = await host.processes.read(identity.pid);
  return isRunning(entry) && entry.startTicks === identity.startTicks ? 'alive' : 'dead';
}
