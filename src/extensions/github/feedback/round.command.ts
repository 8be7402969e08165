import type { Command } from 'commander';
import { sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { jsonFacts } from '../../../core/faces/terminal/json-facts.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { handleOf } from '../../../core/session/layout/names.ts';

export function addRound(program: Command, cli: Cli): void {
  withSharedOptions(program.command('round <session>'))
    .description('Work on reviews and failed checks of a pull request, or push the work of a round')
    .action(async (session: string, options: SharedOptions) => {
      const { roundOfSession } = await import('./round.act.ts');
      const { view, outcome, summary } = await roundOfSession(
        { session, ...projectOf(options) },
        await cli.actionContext(),
      );
      const { good } = cli.output.style;
      const follow =
        outcome === 'begun' ? `\nTo follow it: samocode log ${handleOf(view.folder)} --follow` : '';
      cli.output.result({ ...jsonFacts(sessionFacts(view)), outcome, summary }, () =>
        outcome === 'nothing' ? summary : `${good('✔')} ${summary}${follow}`,
      );
    });
}
