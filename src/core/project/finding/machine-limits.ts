import type { Keep } from '../../kernel/phases/usage-windows.ts';
import { readSettings } from '../settings/read-settings.ts';
import { readSettingTexts } from './open-project.ts';

export interface MachineLimits {
  usdPerDay?: number;
  parallel?: number;
  /** What stays for the person of each window of a plan. */
  keep: Keep;
  /** The time that an idle supervisor keeps running. */
  supervisorMinutes: number;
}

const DEFAULT_SUPERVISOR_MINUTES = 10;

/** Reads the limits from the environment and the config folder's `.env`. Invalid values are ignored. */
export async function machineLimits(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
): Promise<MachineLimits> {
  const { readings } = readSettings(await readSettingTexts({ env, homeDir }));
  const numberOf = (wanted: string) => {
    const value = readings.find(({ name }) => name === wanted)?.value;
    return typeof value === 'number' ? value : undefined;
  };
  const usdPerDay = numberOf('maxCostUsdPerDay');
  const parallel = numberOf('maxParallelOnMachine');
  const supervisorMinutes = numberOf('supervisorMinutes') ?? DEFAULT_SUPERVISOR_MINUTES;
  const keep = { '5h': numberOf('keep5h'), '7d': numberOf('keep7d') };
  return { supervisorMinutes, usdPerDay, parallel, keep };
}
