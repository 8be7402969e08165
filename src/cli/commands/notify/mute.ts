import type { Command } from 'commander';
import { handleOf } from '../../../session/layout/names.ts';
import type { Cli } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';

type MuteOptions = SharedOptions & { off?: true };

export function addMute(program: Command, cli: Cli): void {
  withSharedOptions(program.command('mute <session>'))
    .description('Stop the notifications of a session')
    .option('--off', 'send them again')
    .action((session: string, options: MuteOptions) => mute(cli, session, options));
}

async function mute(cli: Cli, session: string, options: MuteOptions): Promise<void> {
  const { muteSession } = await import('../../../actions/sessions/mute-session.ts');
  const isMuted = options.off !== true;
  const view = await muteSession({ session, ...projectOf(options), isMuted }, await cli.actionContext());
  cli.output.result({ session: view.folder, muted: isMuted }, () =>
    isMuted
      ? `${cli.output.style.good('✔')} No notifications of ${handleOf(view.folder)} are sent any more.`
      : `${cli.output.style.good('✔')} Notifications of ${handleOf(view.folder)} are sent again, from now on.`,
  );
}
