import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { ifThere } from '../errors.ts';
import {
  isRunning,
  type ProcessEntry,
  type ProcessTable,
  pidNamespace,
  systemProcessTable,
} from './process-table.ts';
import { runCommand } from './run-command.ts';

/** The machine we run on; tests pass other boots, hosts and namespaces. */
export interface Host {
  /** Identifies the machine across reboots. */
  hostId: string;
  /** Empty if it could not be read. */
  bootId: string;
  pidNamespace: string;
  /** Identifies the container across restarts, if all of its processes are visible. */
  container?: string;
  processes: ProcessTable;
}

/** Identifies a process: pids are reused, so start, boot, namespace and machine are part of it. */
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

/** `unknowable`: on another machine or in another pid namespace, so never to be treated as dead. */
export type Liveness = 'alive' | 'dead' | 'unknowable';

let found: Promise<Host> | undefined;

/** This machine, read once per process; a failed read is retried. */
export function systemHost(): Promise<Host> {
  found ??= readSystemHost().catch((error) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function readSystemHost(): Promise<Host> {
  return {
    container: ownContainer(),
    hostId: await readMachineId(),
    bootId: await readBootId(),
    pidNamespace: pidNamespace(),
    processes: systemProcessTable(),
  };
}

/** The identity of a process on this machine; undefined if it is not running. */
export async function identify(host: Host, pid: number): Promise<ProcessIdentity | undefined> {
  const entry = await host.processes.read(pid);
  if (!isRunning(entry)) return undefined;
  const { bootId, pidNamespace: namespace, hostId } = host;
  return { pid, startTicks: entry.startTicks, bootId, pidNamespace: namespace, hostId };
}

/**
 * Whether the identified process still runs, as far as can be determined from here. A slow process is alive.
 * @param container the container in which it ran, if known
 */
export async function livenessOf(
  host: Host,
  identity: ProcessIdentity,
  container?: string,
): Promise<Liveness> {
  const isThisHost = identity.hostId === host.hostId;
  const isUnread = identity.bootId === '' || host.bootId === '';
  if (identity.bootId !== host.bootId) return isThisHost && !isUnread ? 'dead' : 'unknowable';
  // Same boot id means same kernel, whatever a container reports as its host.
  if (isUnread && !isThisHost) return 'unknowable';
  // The same container with another namespace was restarted, so no earlier process is alive.
  const isOwn = container !== undefined && container === host.container && !isUnread;
  if (identity.pidNamespace !== host.pidNamespace) return isOwn ? 'dead' : 'unknowable';
  return (await runningEntry(host, identity)) === undefined ? 'dead' : 'alive';
}

/** A process of this boot as listed now; undefined when it no longer runs. */
export async function runningEntry(
  { processes }: Host,
  { pid, startTicks }: Pick<ProcessIdentity, 'pid' | 'startTicks'>,
): Promise<ProcessEntry | undefined> {
  const entry = await processes.read(pid);
  return isRunning(entry) && entry.startTicks === startTicks ? entry : undefined;
}

/** What a person does about a process that is suspended, as by Ctrl-Z; undefined if it is not. */
export async function suspendedText(host: Host, identity: ProcessIdentity): Promise<string | undefined> {
  const { pid } = identity;
  const isSuspended = (await runningEntry(host, identity))?.state === 'T';
  return isSuspended ? `process ${pid} is suspended; "kill -CONT ${pid}" continues it` : undefined;
}

/**
 * Identifies our container across restarts by its writable layer, which no two containers share, unlike host name,
 * network and `/etc/machine-id`. Undefined outside a container, for engines with other layer names, and unless all of
 * its processes are visible: from an inner pid namespace, such as an agent's sandbox, it would look restarted.
 */
export function ownContainer(root = '/'): string | undefined {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  try {
    const mounts = read('proc/self/mountinfo').split('\n');
    const layer = LAYER.exec(mounts.findLast((line) => line.split(' ')[4] === '/') ?? '')?.[1];
    const cgroup = /^0::(\/.*)$/m.exec(read('proc/1/cgroup'))?.[1];
    if (cgroup === undefined) return undefined;
    const pids = read(join('sys/fs/cgroup', cgroup, 'cgroup.procs')).split('\n');
    // The kernel shows processes of other pid namespaces as 0.
    return pids.includes('1') && !pids.includes('0') ? layer : undefined;
  } catch {
    // Missing or unreadable: draw no conclusion.
    return undefined;
  }
}

/** The id of the writable layer in Docker and Podman: random, so it is unique across engines. */
const LAYER = / - overlay (?:.*[ ,])?upperdir=[^,]*\/([0-9a-f]{64})\/diff(?:,|$)/;

async function readMachineId(platform: NodeJS.Platform = process.platform): Promise<string> {
  const found = platform === 'darwin' ? await macMachineId() : linuxMachineId();
  return found ?? hostname();
}

function linuxMachineId(): string | undefined {
  const text = ifThere(() => readFileSync('/etc/machine-id', 'utf8'));
  return text === undefined ? undefined : machineIdIn(text);
}

// Absolute paths: cron on macOS has no /usr/sbin on its PATH.
async function macMachineId(): Promise<string | undefined> {
  const { stdout } = await runCommand('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']);
  return platformUuidIn(stdout);
}

/** Empty when it can't be read. */
async function readBootId(): Promise<string> {
  const linux = ifThere(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  if (linux !== undefined) return linux.trim();
  const { stdout } = await runCommand('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']);
  return stdout.trim();
}

/** The placeholder in an image ("uninitialized", or nothing) identifies no machine. */
export function machineIdIn(text: string): string | undefined {
  return /^[0-9a-f]{32}$/.exec(text.trim())?.[0];
}

/** @param ioreg what `ioreg` prints about the IOPlatformExpertDevice */
export function platformUuidIn(ioreg: string): string | undefined {
  return /"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"/.exec(ioreg)?.[1];
}
