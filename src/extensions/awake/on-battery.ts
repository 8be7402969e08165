import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../core/kernel/processes/run-command.ts';

/**
 * Whether this machine runs on its battery: by the power supplies that Linux lists, else by `pmset` of macOS. A machine
 * of which neither is known has no battery.
 */
export async function isOnBattery(supplies = '/sys/class/power_supply'): Promise<boolean> {
  const names = await readdir(supplies).catch(() => undefined);
  if (names === undefined) {
    const { stdout } = await runCommand('pmset', ['-g', 'batt'], { timeoutMs: 5000 });
    return stdout.includes("'Battery Power'");
  }
  const factsOf = async (name: string) => {
    const fact = async (file: string) =>
      (await readFile(join(supplies, name, file), 'utf8').catch(() => '')).trim();
    return { online: await fact('online'), status: await fact('status'), scope: await fact('scope') };
  };
  const all = await Promise.all(names.map(factsOf));
  // The battery of a mouse is one of a device.
  const isDraining = all.some(({ status, scope }) => status === 'Discharging' && scope !== 'Device');
  return isDraining && !all.some(({ online }) => online === '1');
}
