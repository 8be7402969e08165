import { hostname } from 'node:os';
import * as z from 'zod';
import { ownContainer } from './container.ts';
import { readBootId, readMachineId } from './machine-id.ts';
import {
  isRunning,
  type ProcessEntry,
  type ProcessTable,
  pidNamespace,
  systemProcessTable,
} from './process-table.ts';

/** The machine that we run on; tests hand in other boots, hosts and namespaces. */
export interface Host {
  /** Names the machine over its reboots. */
  hostId: string;
  /** What 0.1 called it, where that was another name. */
  formerHostId?: string;
  /** Names this boot of it; the same text means the same running kernel. Empty: it could not be read. */
  bootId: string;
  /** The pid namespace that our pids are counted in. */
  pidNamespace: string;
  /** Names the container that we see all of, over its restarts. */
  container?: string;
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

/** This machine, read once per process; a reading that failed is tried again. */
export function systemHost(): Promise<Host> {
  found ??= readSystemHost().catch((error) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function readSystemHost(): Promise<Host> {
  const container = ownContainer();
  return {
    container,
    hostId: await readMachineId(),
    ...(process.platform === 'darwin' && { formerHostId: hostname() }),
    bootId: await readBootId(),
    pidNamespace: pidNamespace(),
    processes: systemProcessTable(),
  };
}

/** The identity of a process of this machine, or undefined when it does not run. */
export async function identify(host: Host, pid: number): Promise<ProcessIdentity | undefined> {
  const entry = await host.processes.read(pid);
  if (!isRunning(entry)) return undefined;
  const { bootId, pidNamespace: namespace, hostId } = host;
  return { pid, startTicks: entry.startTicks, bootId, pidNamespace: namespace, hostId };
}

/**
 * Whether the process of `identity` still runs, as far as it can be known from here. Slowness is never death.
 * @param container in which it ran, where that is known
 */
export async function livenessOf(
  host: Host,
  identity: ProcessIdentity,
  container?: string,
): Promise<Liveness> {
  const isThisHost = identity.hostId === host.hostId || identity.hostId === host.formerHostId;
  const isUnread = identity.bootId === '' || host.bootId === '';
  if (identity.bootId !== host.bootId) return isThisHost && !isUnread ? 'dead' : 'unknowable';
  // An equal boot id is an equal kernel, whatever the host calls itself in a container.
  if (isUnread && !isThisHost) return 'unknowable';
  // Our own container had another namespace under the same kernel: it was restarted, and nothing of then lives.
  const isOwn = container !== undefined && container === host.container && !isUnread;
  if (identity.pidNamespace !== host.pidNamespace) return isOwn ? 'dead' : 'unknowable';
  return (await runningEntry(host, identity)) === undefined ? 'dead' : 'alive';
}

/** A process of this boot as it is listed now; undefined when it does not run any more. */
export async function runningEntry(
  { processes }: Host,
  { pid, startTicks }: Pick<ProcessIdentity, 'pid' | 'startTicks'>,
): Promise<ProcessEntry | undefined> {
  const entry = await processes.read(pid);
  if (!isRunning(entry)) return undefined;
  if (entry.startTicks === startTicks) return entry;
  return (await processes.formerStart?.(pid)) === startTicks ? entry : undefined;
}
