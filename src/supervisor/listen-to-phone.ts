import { dirname, join } from 'node:path';
import { listenToTelegram } from '../notify/telegram/listen.ts';
import type { TelegramChannel } from '../notify/telegram/telegram-channel.ts';
import { telegramFiles } from '../notify/telegram/telegram-settings.ts';
import type { Supervisor } from './supervisor.ts';

/** What a person says by phone is acted on here alone, however many sessions there are. */
export async function listenToPhone(
  { clock, host, env, home, programs, paths, say }: Supervisor,
  { chat }: TelegramChannel,
  signal: AbortSignal,
): Promise<void> {
  const { worker } = programs;
  const context = {
    ...{ clock, host, env, home, cwd: home },
    programs: { worker, rehearsal: join(dirname(worker), 'samocode-rehearsal.cjs') },
  };
  const { setUp: setUpPath } = telegramFiles(paths);
  await listenToTelegram({ chat, context, setUpPath, say }, signal);
}
