import { join } from 'node:path';
import { parse } from 'dotenv';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { identityAt, realFolder } from '../../../core/kernel/files/path-stats.ts';
import { readSettingTexts } from '../../../core/project/finding/open-project.ts';
import { problemsIn, readRows } from '../../../core/project/settings/read-settings.ts';
import { retiredKey } from '../../../core/project/settings/retired-keys.ts';
import type { ValuesOf } from '../../../core/project/settings/settings.ts';
import { NOTIFY_ROWS } from '../settings.ts';

/** The notification settings from the environment and from the `.env` in the config folder. */
export type NotifySettings = Partial<ValuesOf<typeof NOTIFY_ROWS>> & {
  /** Why the webhook is sent nothing. */
  retired?: string | undefined;
};

/** Chose among services until 0.2; only its JSON is left. */
const FORMAT = 'NOTIFY_WEBHOOK_FORMAT';

/** Invalid values are left out; `problems` names them without showing what was written. */
export async function readNotifySettings(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
): Promise<{ settings: NotifySettings; problems: string[] }> {
  const texts = await readSettingTexts({ env, homeDir });
  const { readings, values } = readRows(texts, NOTIFY_ROWS);
  const format = env[FORMAT] ?? parse(texts.envFile?.text ?? '')[FORMAT];
  const retired = ['', 'json', undefined].includes(format) ? undefined : retiredKey(FORMAT)?.text;
  return {
    settings: { ...values, retired },
    problems: [
      ...problemsIn({ readings }).map(({ what, why }) => `${what} ${why}`),
      ...(retired ? [retired] : []),
    ],
  };
}

export function envFilePath(homeDir: string): string {
  return join(configFolder(homeDir), '.env');
}

/** Changes with the content of the `.env`, which can be a link, as into a repository of dotfiles. */
export function envFileIdentity(homeDir: string): string {
  const path = envFilePath(homeDir);
  return identityAt(realFolder(path) ?? path);
}

/** `22:00-07:00`, in minutes of the local day; the end may be on the next day. */
export interface QuietHours {
  from: number;
  to: number;
}

export function quietHours(written: string | undefined): QuietHours | undefined {
  const [from, to] = (written ?? '').split('-').map((time) => {
    const [hour, minute] = time.split(':').map(Number);
    return Number(hour) * 60 + Number(minute);
  });
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** Whether a moment is in the quiet hours, by the local time of this machine. */
export function isQuiet(hours: QuietHours | undefined, ms: number): boolean {
  if (hours === undefined) return false;
  const at = new Date(ms);
  const minute = at.getHours() * 60 + at.getMinutes();
  const { from, to } = hours;
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
