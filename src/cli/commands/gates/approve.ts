import type { Command } from 'commander';
import { handleOf } from '../../../session/layout/names.ts';
import { acceptsCommands } from '../../asking/accepts-commands.ts';
import { sessionFacts } from '../../rendering/session-facts.ts';
import { type Cli, EXIT } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';

export function addApprove(program: Command, cli: Cli): void {
  withSharedOptions(program.command('approve <session>'))
    .description('Approve the plan of a session, so that the work starts')
    .option('--hash <hash>', 'only if the plan is still the one with this hash ("samocode plan --json")')
    .action((session: string, options: SharedOptions & { hash?: string }) => approve(cli, session, options));
}

async function approve(cli: Cli, session: string, options: SharedOptions & { hash?: string }): Promise<void> {
  const { approvePlan } = await import('../../../actions/gates/approve-plan.ts');
  const question = { session, ...projectOf(options) };
  const read =
    options.hash === undefined && cli.isInteractive ? await acceptsCommands(cli, question) : options;
  if (read === undefined) return cli.leaveWith(EXIT.waiting);
  const input = { ...question, hash: read.hash, asItStands: true } as const;
  const { view, plan, servers, already } = await approvePlan(input, await cli.actionContext());
  const short = handleOf(view.folder);
  cli.output.result({ ...sessionFacts(view), plan, servers, already }, () =>
    already
      ? `${plan.name} was already approved.`
      : [
          ...servers,
          `${cli.output.style.good('✔')} ${plan.name} is approved. To follow the work: samocode log ${short} --follow`,
        ].join('\n'),
  );
}
