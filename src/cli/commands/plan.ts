import type { Command } from 'commander';
import { handleOf } from '../../session/layout/names.ts';
import type { Cli } from '../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { harmless } from '../terminal/style.ts';

export function addPlan(program: Command, cli: Cli): void {
  withSharedOptions(program.command('plan <session>'))
    .description('show the plan')
    .action((session: string, options: SharedOptions) => showPlan(cli, session, options));
}

async function showPlan(cli: Cli, session: string, options: SharedOptions): Promise<void> {
  const { readPlan } = await import('../../actions/gates/read-plan.ts');
  const { planWords } = await import('../rendering/plan-words.ts');
  const plan = await readPlan({ session, ...projectOf(options) }, await cli.actionContext());
  const { view, name, text, state, hash, changes } = plan;
  const short = handleOf(view.folder);
  const { style } = cli.output;
  cli.output.result({ session: view.folder, name, state, hash, changes, text }, () => {
    const ways = [`samocode approve ${short}`, `samocode changes ${short} "what to change"`];
    const hint =
      state === 'waits_for_approval'
        ? `\n${style.attention('It waits for your approval:')}\n  ${ways.join('\n  ')}`
        : '';
    const differs = changes
      ? ['', style.bold('Changes since the previous version:'), ...changes.map(harmless)]
      : [];
    return [planWords(plan, cli.output), ...differs, hint].join('\n');
  });
}
