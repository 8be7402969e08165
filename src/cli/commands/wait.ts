import { type Command, Option } from 'commander';
import type { AnyWaitResult } from '../../actions/waiting/wait-for-change.ts';
import { WAIT_UNTIL, type WaitUntil } from '../../actions/waiting/wait-until.ts';
import { exitStatusOf } from '../following/run-to-rest.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import { statusWords } from '../rendering/session-words.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { wholeSeconds } from '../terminal/start-options.ts';
import { harmless } from '../terminal/style.ts';

type WaitOptions = SharedOptions & { until: WaitUntil; timeout?: number; group?: string };

export function addWait(program: Command, cli: Cli): void {
  withSharedOptions(program.command('wait [sessions...]'))
    .description('Wait until one of several sessions needs you or ends')
    .addOption(
      new Option('--until <what>', 'change: anything; attention: it needs you or ended; done: it ended')
        .choices(WAIT_UNTIL)
        .default('attention'),
    )
    .option('--group <name>', 'all sessions of this group; done: when the last of them has ended')
    .option('--timeout <seconds>', 'exit with status 1 after this time', wholeSeconds)
    .action((sessions: string[], options: WaitOptions) => wait(cli, sessions, options));
}

async function wait(
  cli: Cli,
  sessions: string[],
  { until, timeout, group, ...options }: WaitOptions,
): Promise<void> {
  if ((sessions.length === 0) === (group === undefined))
    throw CLI_ERRORS.usage({
      why: 'Name sessions, or --group.',
      hint: 'For example: samocode wait --group tonight --until done',
    });
  const { waitForAny } = await import('../../actions/waiting/wait-for-change.ts');
  const context = await cli.actionContext();
  const input = {
    sessions: sessions.map((session) => ({ session })),
    group,
    ...projectOf(options),
    until,
    timeoutMs: timeout === undefined ? Number.MAX_SAFE_INTEGER : timeout * 1000,
    signal: cli.interrupted,
  };
  const result = await waitForAny(input, context);
  const { view, changed, happened } = result;
  cli.leaveWith(statusOf(result, until));
  const facts = sessionFacts(view, result);
  cli.output.result({ ...facts, changed, happened }, () =>
    changed
      ? [
          ...happened.map(({ text }) => harmless(text)),
          statusWords(facts, cli.output, context.clock.now()),
        ].join('\n')
      : `Nothing of that happened in ${timeout} s.`,
  );
}

/** A change is all that was waited for; else how the session rests is what a script must know. */
function statusOf({ view, changed }: AnyWaitResult, until: WaitUntil): number {
  if (!changed) return EXIT.failed;
  return until === 'change' || view.state.status.kind === 'stopped' ? EXIT.ok : exitStatusOf(view);
}
