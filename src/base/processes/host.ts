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

/** The machine that we run on; tests hand in other boots, hosts and namespaces. */
export interface Host {
  /** Names the machine over its reboots. */
  hostId: string;
  /** Names this boot of it; the same text means the same running kernel. Empty: it could not be read. */
  bootId: string;
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
  return {
    container: ownContainer(),
    hostId: await readMachineId(),
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
  const isThisHost = identity.hostId === host.hostId;
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
  return isRunning(entry) && entry.startTicks === startTicks ? entry : undefined;
}

/**
 * Names the container that we run in over its restarts, by the layer that it writes to; two containers never share one,
 * as they may share host name, network and `/etc/machine-id`. Undefined outside of one, where engines name layers
 * otherwise, and unless all of its processes can be seen from here: to whoever looks out of a pid namespace within it,
 * as the sandbox of an agent makes one, the container would look restarted.
 */
export function ownContainer(root = '/'): string | undefined {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  try {
    const mounts = read('proc/self/mountinfo').split('\n');
    const layer = LAYER.exec(mounts.findLast((line) => line.split(' ')[4] === '/') ?? '')?.[1];
    const cgroup = /^0::(\/.*)$/m.exec(read('proc/1/cgroup'))?.[1];
    if (cgroup === undefined) return undefined;
    const pids = read(join('sys/fs/cgroup', cgroup, 'cgroup.procs')).split('\n');
    // The kernel lists a process of an outer or other pid namespace as 0.
    return pids.includes('1') && !pids.includes('0') ? layer : undefined;
  } catch {
    // Whatever is not there or may not be read: then nothing is concluded.
    return undefined;
  }
}

/** The id of the writable layer, as Docker and Podman give them: random, so that no two engines have the same. */
const LAYER = / - overlay (?:.*[ ,])?upperdir=[^,]*\/([0-9a-f]{64})\/diff(?:,|$)/;

/** Names the machine over its reboots, whatever network it is in. */
async function readMachineId(platform: NodeJS.Platform = process.platform): Promise<string> {
  const found = platform === 'darwin' ? await ofMac() : ofLinux();
  return found ?? hostname();
}

function ofLinux(): string | undefined {
  const text = ifThere(() => readFileSync('/etc/machine-id', 'utf8'));
  return text === undefined ? undefined : machineIdIn(text);
}

// By absolute paths: cron on macOS has no /usr/sbin on its PATH.
async function ofMac(): Promise<string | undefined> {
  const { stdout } = await runCommand('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']);
  return platformUuidIn(stdout);
}

/** Names this boot of it; empty when that can't be learned. */
async function readBootId(): Promise<string> {
  const linux = ifThere(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  if (linux !== undefined) return linux.trim();
  const { stdout } = await runCommand('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']);
  return stdout.trim();
}

/** What an image is built with ("uninitialized", or nothing) names no machine. */
export function machineIdIn(text: string): string | undefined {
  return /^[0-9a-f]{32}$/.exec(text.trim())?.[0];
}

/** @param ioreg what `ioreg` prints of the IOPlatformExpertDevice */
export function platformUuidIn(ioreg: string): string | undefined {
  return /"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"/.exec(ioreg)?.[1];
}
