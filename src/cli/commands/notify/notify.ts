import type { Command } from 'commander';
import { type Cli, EXIT } from '../../terminal/cli.ts';
import { type AddCommand, withSharedOptions } from '../../terminal/shared-options.ts';
import { addNotifyTelegram } from './telegram.ts';
import { addNotifyTest } from './test.ts';

/** What comes behind `samocode notify`. */
const COMMANDS: readonly AddCommand[] = [addNotifyTelegram, addNotifyTest];

export function addNotify(program: Command, cli: Cli): void {
  const notify = withSharedOptions(program.command('notify'))
    .description('Show by which channels you are notified, and whether they work')
    .action(() => showChannels(cli));
  for (const add of COMMANDS) add(notify, cli);
}

async function showChannels(cli: Cli): Promise<void> {
  const [{ configuredChannels }, { troubleWords }] = await Promise.all([
    import('../../../notify/outbox/test-channels.ts'),
    import('../../../actions/reading/channel-state.ts'),
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
          : `${attention('!')} ${troubleWords({ channel, ...failing })}`,
      ),
      channels.length === 0
        ? 'No channel is set up: run "samocode notify telegram", or put NOTIFY_WEBHOOK_URL, NOTIFY_DESKTOP or NOTIFY_COMMAND into ~/.config/samocode/.env.'
        : 'To try them: samocode notify test',
    ].join('\n'),
  );
}
