import { readSettingTexts } from '../../../core/project/finding/open-project.ts';
import { readSettings } from '../../../core/project/settings/read-settings.ts';
import type { Settings } from '../../../core/project/settings/settings.ts';

type NotifyKey =
  | 'notifyWebhookUrl'
  | 'notifyWebhookSecret'
  | 'notifyWebhookFormat'
  | 'notifyDesktop'
  | 'notifyCommand'
  | 'notifyDetail'
  | 'notifyQuiet'
  | 'telegramBotToken'
  | 'telegramChatId'
  | 'telegramUsers'
  | 'telegramApiRoot';

/** The notification settings from the environment and from the `.env` in the config folder. */
export type NotifySettings = Partial<Pick<Settings, NotifyKey>>;

/** Invalid values are left out; `problems` names them without showing what was written. */
export async function readNotifySettings(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
): Promise<{ settings: NotifySettings; problems: string[] }> {
  const { readings } = readSettings(await readSettingTexts({ env, homeDir }));
  const ours = readings.filter(({ name }) => /^(?:notify.|telegram)/.test(name));
  return {
    // Each value was parsed by the schema of its row.
    settings: Object.fromEntries(ours.map(({ name, value }) => [name, value])) as NotifySettings,
    problems: ours.flatMap(({ problem }) =>
      problem === undefined ? [] : [`${problem.what} ${problem.why}`],
    ),
  };
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
