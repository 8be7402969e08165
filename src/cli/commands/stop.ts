import type { Command } from 'commander';
import { handleOf } from '../../session/layout/names.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type StopOptions = SharedOptions & { now?: true };

export function addStop(program: Command, cli: Cli): void {
  withSharedOptions(program.command('stop <session>'))
    .description('Stop a session after its current agent; all files are kept')
    .option('--now', 'end the current agent now; what it has written is kept')
    .action((session: string, options: StopOptions) => stop(cli, session, options));
}

async function stop(cli: Cli, session: string, options: StopOptions): Promise<void> {
  const { stopSession } = await import('../../actions/sessions/stop-session.ts');
  const input = { session, ...projectOf(options), when: options.now ? 'now' : 'after_iteration' } as const;
  const { view, outcome } = await stopSession(input, await cli.actionContext());
  const short = handleOf(view.folder);
  const words = {
    stopping: options.now
      ? 'is being stopped.'
      : 'stops when its current agent has ended; --now does not wait.',
    stopped: `is stopped. To continue it: samocode resume ${short}`,
    not_running: `is not running: it is ${view.state.status.kind}.`,
  };
  cli.output.result({ ...sessionFacts(view), outcome }, () => `${view.folder} ${words[outcome]}`);
}
