import type { Command } from 'commander';
import { handleOf } from '../../../session/layout/names.ts';
import { pagedResult } from '../../programs/pager.ts';
import type { Cli } from '../../terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withPager,
  withSharedOptions,
} from '../../terminal/shared-options.ts';

export function addPlan(program: Command, cli: Cli): void {
  withSharedOptions(withPager(program.command('plan <session>')))
    .description('Read the plan of a session')
    .action((session: string, options: SharedOptions) => showPlan(cli, session, options));
}

async function showPlan(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { readPlan } = await import('../../../actions/gates/read-plan.ts');
  const { planDifference, planWords } = await import('../../rendering/plan-words.ts');
  const plan = await readPlan({ session, ...projectOf(options) }, await cli.actionContext());
  const { view, name, text, state, hash, changes, servers } = plan;
  const short = handleOf(view.folder);
  const { style } = cli.output;
  await pagedResult(cli, { session: view.folder, name, state, hash, changes, servers, text }, () => {
    const ways = [`samocode approve ${short}`, `samocode changes ${short} "what to change"`];
    const hint =
      state === 'waits_for_approval'
        ? `\n${style.attention('It waits for your approval:')}\n  ${ways.join('\n  ')}`
        : '';
    return [planWords(plan, cli.output), ...planDifference(plan, cli.output), hint].join('\n');
  });
}
