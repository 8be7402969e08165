import { readSettings } from '../settings/read-settings.ts';
import { readSettingTexts } from './open-project.ts';

/** A CLI's program in the machine's settings, outside any project: a path or a name. */
export async function machineCliPath(
  provider: string,
  place: { env: Readonly<Record<string, string | undefined>>; homeDir: string },
): Promise<string | undefined> {
  const { readings } = readSettings(await readSettingTexts(place));
  const value = readings.find(({ name }) => name === `${provider}Path`)?.value;
  return typeof value === 'string' ? value : undefined;
}
