import { type Command, Option } from 'commander';
import type { AnyWaitResult } from '../../actions/waiting/wait-for-change.ts';
import { WAIT_UNTIL, type WaitUntil } from '../../actions/waiting/wait-until.ts';
import { exitStatusOf } from '../following/run-to-rest.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import { statusWords } from '../rendering/session-words.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { wholeSeconds } from '../terminal/start-options.ts';
import { harmless } from '../terminal/style.ts';

type WaitOptions = SharedOptions & { until: WaitUntil; timeout?: number };

export function addWait(program: Command, cli: Cli): void {
  withSharedOptions(program.command('wait <sessions...>'))
    .description('Wait until one of several sessions needs you or ends')
    .addOption(
      new Option('--until <what>', 'change: anything; attention: it needs you or ended; done: it ended')
        .choices(WAIT_UNTIL)
        .default('attention'),
    )
    .option('--timeout <seconds>', 'exit with status 1 when so much time has passed', wholeSeconds)
    .action((sessions: string[], options: WaitOptions) => wait(cli, sessions, options));
}

async function wait(
  cli: Cli,
  sessions: string[],
  { until, timeout, ...options }: WaitOptions,
): Promise<void> {
  const { waitForAny } = await import('../../actions/waiting/wait-for-change.ts');
  const context = await cli.actionContext();
  const input = {
    sessions: sessions.map((session) => ({ session })),
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
