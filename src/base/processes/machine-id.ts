import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { ifThere } from '../errors.ts';
import { runCommand } from './run-command.ts';

/** Names the machine over its reboots, whatever network it is in. */
export async function readMachineId(platform: NodeJS.Platform = process.platform): Promise<string> {
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
export async function readBootId(): Promise<string> {
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
