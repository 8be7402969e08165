import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Cli } from '../../terminal/cli.ts';
import { withSharedOptions } from '../../terminal/shared-options.ts';

interface TelegramOptions {
  tokenStdin?: true;
}

export function addNotifyTelegram(notify: Command, cli: Cli): void {
  withSharedOptions(notify.command('telegram'))
    .description('Let a Telegram bot of yours notify you and take your answers')
    .option('--token-stdin', 'read the token of the bot from standard input')
    .action((options: TelegramOptions) => setUp(cli, options));
}

async function setUp(cli: Cli, options: TelegramOptions): Promise<void> {
  const [{ setUpTelegram }, { readTelegramSettings, telegramFiles }, { supervisorPaths }, inside] =
    await Promise.all([
      import('../../../notify/telegram/set-up-telegram.ts'),
      import('../../../notify/telegram/telegram-settings.ts'),
      import('../../../providers/starting/supervisor-folder.ts'),
      import('../../../actions/acting/refuse-from-inside.ts'),
    ]);
  const context = await cli.actionContext();
  await inside.refuseFromInside(context);
  const { home, clock, host, env } = context;
  const token = (await tokenOf(cli, options)).trim();
  const { apiRoot } = await readTelegramSettings(env, home);
  const { accent } = cli.output.style;
  const { json } = cli.output;
  const say = (words: string) => (json ? cli.output.warn(words) : cli.output.say(words));
  const show = (bot: string, code: string) =>
    say(
      [
        `The bot is @${bot}. Send it this message, or add it to a group and send it there:`,
        `  ${accent(`/start ${code}`)}`,
        `On this device: https://t.me/${bot}?start=${code}`,
      ].join('\n'),
    );
  const { setUp: setUpPath } = telegramFiles(supervisorPaths(home, host));
  const result = await setUpTelegram({ token, apiRoot, home, clock, setUpPath, show }, cli.interrupted);
  cli.output.result(result, ({ bot, isGroup, path }) =>
    [
      `Done. @${bot} has sent a message to the chat; its token and the chat are in ${path}.`,
      ...(isGroup ? ['In the group only you may act; add others to TELEGRAM_USERS there.'] : []),
    ].join('\n'),
  );
}

/** Never as an argument, which every process list shows. */
async function tokenOf(cli: Cli, { tokenStdin }: TelegramOptions): Promise<string> {
  if (tokenStdin) return await text(process.stdin);
  const question = 'Token of the bot (send /newbot to @BotFather)';
  const menus = cli.isInteractive ? await cli.menus?.() : undefined;
  return (await (menus ? menus.secret(question) : cli.ask(`${question}: `))) ?? '';
}
