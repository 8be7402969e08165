import type { Command } from 'commander';
import type { Cli } from '../../../core/kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/kit/terminal/cli-errors.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/kit/terminal/shared-options.ts';

interface TrustOptions extends SharedOptions {
  as?: string;
  yes?: true;
}

/** Adds the commands that change who belongs to a pool. */
export function addMembers(pool: Command, cli: Cli): void {
  withSharedOptions(pool.command('trust <machine>'))
    .description('Accept the sessions and acts of another machine on this one')
    .option(
      '--as <person>',
      'the person to whom its acts are attributed, for GATE_PEOPLE (default: its name)',
    )
    .option('-y, --yes', 'do not ask; the fingerprints have been compared')
    .action((machine: string, options: TrustOptions) => trust(cli, machine, options));
}

async function trust(cli: Cli, machine: string, { yes, as, ...options }: TrustOptions): Promise<void> {
  const { memberNamed, trustMember } = await import('./members.act.ts');
  const context = await cli.actionContext();
  const { fingerprint, name, isTrusted } = await memberNamed(machine, projectOf(options), context);
  const { good } = cli.output.style;
  if (!yes && !isTrusted) {
    const question = `${name} has the key ${fingerprint}.\nIts sessions would run here with your logins. Does "samocode pool join" on ${name} show the same?`;
    const { askYesNo } = await import('../../../core/kit/terminal/ask.ts');
    if (!cli.isInteractive) throw CLI_ERRORS.usage({ why: question, hint: 'Compare them, then add --yes.' });
    if (!(await askYesNo(cli, question)))
      return cli.output.result({ name, trusted: false }, () => 'Nothing was changed.');
  }
  await trustMember({ ...projectOf(options), member: machine, seen: fingerprint, as }, context);
  cli.output.result({ name, fingerprint, trusted: true }, () => `${good('✔')} ${name} is trusted here.`);
}
