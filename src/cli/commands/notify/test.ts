import type { Command } from 'commander';
import { type Cli, EXIT } from '../../terminal/cli.ts';
import { withSharedOptions } from '../../terminal/shared-options.ts';

export function addNotifyTest(notify: Command, cli: Cli): void {
  withSharedOptions(notify.command('test'))
    .description('Send a test notification by each channel')
    .action(() => test(cli));
}

async function test(cli: Cli): Promise<void> {
  const { testChannels } = await import('../../../notify/outbox/test-channels.ts');
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
}
