import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type InstallOptions, inputOf, showReport, withInstallOptions } from './install.ts';

export function addUninstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('uninstall'))
    .description('take out again what install added, and nothing else')
    .action(async (options: InstallOptions) => {
      const { uninstall } = await import('../../actions/install.ts');
      showReport(cli, await uninstall(inputOf(options), await cli.actionContext()), options);
    });
}
