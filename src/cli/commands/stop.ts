import type { Command } from 'commander';
import type { StopOneResult } from '../../actions/sessions/stop-session.ts';
import { handleOf } from '../../session/layout/names.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';

type StopOptions = SharedOptions & { now?: true; all?: true; group?: string };

export function addStop(program: Command, cli: Cli): void {
  withSharedOptions(program.command('stop [session]'))
    .description('Stop a session after its current agent; all files are kept')
    .option('--all', 'stop every session of the project')
    .option('--group <name>', 'stop every session of this group')
    .option('--now', 'end the current agent now; what it has written is kept')
    .action((session: string | undefined, options: StopOptions) => stop(cli, session, options));
}

async function stop(cli: Cli, session: string | undefined, options: StopOptions): Promise<void> {
  const { all, group, now } = options;
  const named = [session, group, all].filter((one) => one !== undefined);
  if (named.length !== 1)
    throw CLI_ERRORS.usage({
      why: 'Name one session, --group or --all.',
      hint: 'For example: samocode stop --group tonight',
    });
  const { stopSession, stopSeveral } = await import('../../actions/sessions/stop-session.ts');
  const input = { ...projectOf(options), when: now ? 'now' : 'after_iteration' } as const;
  const context = await cli.actionContext();
  if (session !== undefined) {
    const stopped = await stopSession({ session, ...input }, context);
    return cli.output.result(factsOf(stopped), () => wordsOf(stopped, options));
  }
  const stopped = await stopSeveral({ group, ...input }, context);
  if (stopped.some(({ outcome }) => outcome === 'refused')) cli.leaveWith(EXIT.failed);
  cli.output.result({ sessions: stopped.map(factsOf) }, () =>
    stopped.length === 0 ? 'No session runs here.' : stopped.map((one) => wordsOf(one, options)).join('\n'),
  );
}

function factsOf(one: StopOneResult) {
  const error =
    one.outcome === 'refused'
      ? { code: one.error.code, message: `${one.error.what} ${one.error.why}` }
      : undefined;
  return { ...sessionFacts(one.view), outcome: one.outcome, error };
}

function wordsOf(one: StopOneResult, options: StopOptions): string {
  const { view, outcome } = one;
  if (outcome === 'refused') return `${view.folder}: ${one.error.what} ${one.error.why}`;
  const short = handleOf(view.folder);
  const words = {
    stopping: options.now
      ? 'is being stopped.'
      : 'stops when its current agent has ended; --now does not wait.',
    stopped: `is stopped. To continue it: samocode resume ${short}`,
    not_running: `is not running: it is ${view.state.status.kind}.`,
  };
  return `${view.folder} ${words[outcome]}`;
}
