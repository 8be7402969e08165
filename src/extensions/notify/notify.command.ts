import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { type Cli, EXIT } from '../../core/faces/terminal/cli.ts';
import {
  type AddCommand,
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../core/faces/terminal/shared-options.ts';
import { handleOf } from '../../core/session/layout/names.ts';

function addNotify(program: Command, cli: Cli): void {
  const notify = withSharedOptions(program.command('notify'))
    .description('Show the channels that notify you, and whether they work')
    .action(async () => {
      const [{ configuredChannels }, { channelTroubleText }] = await Promise.all([
        import('./channels/test-channels.ts'),
        import('../../core/caller/facts/channel-state.ts'),
      ]);
      const report = await configuredChannels(await cli.actionContext());
      if (report.problems.length > 0) cli.leaveWith(EXIT.failed);
      const { good, attention } = cli.output.style;
      cli.output.result(report, ({ channels, problems }) =>
        [
          ...problems.map((problem) => `${attention('!')} ${problem}`),
          ...channels.map(({ channel, failing }) =>
            failing === undefined
              ? `${good('✔')} ${channel}`
              : `${attention('!')} ${channelTroubleText({ channel, ...failing })}`,
          ),
          channels.length === 0
            ? 'No channel is set up: run "samocode notify telegram", or set NOTIFY_WEBHOOK_URL, NOTIFY_DESKTOP or NOTIFY_COMMAND in ~/.config/samocode/.env.'
            : 'To try them: samocode notify test',
        ].join('\n'),
      );
    });
  addNotifyTelegram(notify, cli);
  addNotifyTest(notify, cli);
}

interface TelegramOptions {
  tokenStdin?: true;
}

function addNotifyTelegram(notify: Command, cli: Cli): void {
  withSharedOptions(notify.command('telegram'))
    .description('Set up a Telegram bot that notifies you and takes your answers')
    .option('--token-stdin', 'read the token of the bot from standard input')
    .action(async (options: TelegramOptions) => {
      const [
        { setUpTelegram },
        { apiRootOf, telegramFiles },
        { readNotifySettings },
        { supervisorPaths },
        inside,
      ] = await Promise.all([
        import('./telegram/set-up-telegram.ts'),
        import('./telegram/telegram-settings.ts'),
        import('./channels/notify-settings.ts'),
        import('../../core/sandbox/programs/supervisor-folder.ts'),
        import('../../core/caller/context/refuse-from-inside.ts'),
      ]);
      const context = await cli.actionContext();
      await inside.refuseFromInside(context);
      const { home, clock, host, env } = context;
      const token = (await tokenOf(cli, options)).trim();
      const apiRoot = apiRootOf((await readNotifySettings(env, home)).settings);
      const { accent } = cli.output.style;
      const { json } = cli.output;
      const say = (text: string) => (json ? cli.output.warn(text) : cli.output.say(text));
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
          ...(isGroup ? ['In the group only you can act; add others to TELEGRAM_USERS there.'] : []),
        ].join('\n'),
      );
    });
}

/** Never takes the token as an argument, because process lists show arguments. */
async function tokenOf(cli: Cli, { tokenStdin }: TelegramOptions): Promise<string> {
  if (tokenStdin) return await text(process.stdin);
  const question = 'Token of the bot (send /newbot to @BotFather)';
  const menus = cli.isInteractive ? await cli.menus?.() : undefined;
  return (await (menus ? menus.secret(question) : cli.ask(`${question}: `))) ?? '';
}

function addNotifyTest(notify: Command, cli: Cli): void {
  withSharedOptions(notify.command('test'))
    .description('Send a test notification through each channel')
    .action(async () => {
      const { testChannels } = await import('./channels/test-channels.ts');
      const channels = await testChannels(await cli.actionContext(), cli.interrupted);
      if (channels.length === 0 || channels.some(({ why }) => why !== undefined)) cli.leaveWith(EXIT.failed);
      const { good, bad } = cli.output.style;
      cli.output.result({ channels }, () =>
        channels.length === 0
          ? 'No channel is set up.'
          : channels
              .map(({ channel, why }) =>
                why === undefined ? `${good('✔')} ${channel}: sent` : `${bad('✘')} ${channel}: ${why}`,
              )
              .join('\n'),
      );
    });
}

type MuteOptions = SharedOptions & { off?: true };

function addMute(program: Command, cli: Cli): void {
  withSharedOptions(program.command('mute <session>'))
    .description('Stop the notifications of a session')
    .option('--off', 'send them again')
    .action(async (session: string, options: MuteOptions) => {
      const { muteSession } = await import('./mute-session.act.ts');
      const isMuted = options.off !== true;
      const view = await muteSession({ session, ...projectOf(options), isMuted }, await cli.actionContext());
      cli.output.result({ session: view.folder, muted: isMuted }, () =>
        isMuted
          ? `${cli.output.style.good('✔')} ${handleOf(view.folder)} is muted: it sends no notifications.`
          : `${cli.output.style.good('✔')} ${handleOf(view.folder)} is no longer muted.`,
      );
    });
}

export const NOTIFY_COMMANDS: Readonly<Record<string, AddCommand>> = { notify: addNotify, mute: addMute };
