import type { Command } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/faces/terminal/cli-errors.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { harmless } from '../../../core/faces/terminal/style.ts';
import { age } from '../../../core/kernel/durations.ts';
import type { TakePreview } from './take.act.ts';

interface TakeOptions extends SharedOptions {
  yes?: true;
}

export function addTake(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('take <session>'))
    .description('Continue a session on this machine, whichever machine has it now')
    .option('-y, --yes', 'do not ask')
    .action((session: string, options: TakeOptions) => take(cli, session, options));
}

async function take(cli: Cli, session: string, { yes, ...options }: TakeOptions): Promise<void> {
  const { previewTake, takeSession } = await import('./take.act.ts');
  const question = { session, ...projectOf(options) };
  const context = await cli.actionContext();
  const preview = await previewTake(question, context);
  const { good } = cli.output.style;
  if (preview.isHere)
    return cli.output.result(shown(preview), () => `${preview.session} is already on this machine.`);
  const words = harmless(takeWords(preview, context.clock.now()));
  if (!yes) {
    const { askYesNo } = await import('../../../core/faces/terminal/ask.ts');
    if (!cli.isInteractive) throw CLI_ERRORS.usage({ why: words, hint: 'To take it, add --yes.' });
    if (!(await askYesNo(cli, `${words}\nContinue it on this machine?`)))
      return cli.output.result(shown(preview), () => 'Nothing was changed.');
  } else cli.output.say(words);
  const taken = await takeSession({ ...question, seen: preview.epoch }, context);
  cli.output.result(
    shown({ ...preview, isHere: taken.isHere }),
    () => `${good('✔')} This machine has ${taken.session} now, and its supervisor continues it.`,
  );
}

function shown({ isHere: taken, epoch: _, ...rest }: TakePreview) {
  return { ...rest, taken };
}

function takeWords(
  { session, host, publishedAt, phase, iteration, left }: TakePreview,
  nowMs: number,
): string {
  const state = `Its last published state is ${age(nowMs - Date.parse(publishedAt))} old: ${phase}, iteration ${iteration}.`;
  const there =
    host === undefined
      ? [`No machine has ${session}.`, state]
      : [
          `${host} has ${session}.`,
          state,
          `Work on ${host} since then is not continued. It stays there, and its agent ends within a minute.`,
        ];
  return [...there, ...left].join('\n');
}
