import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type InstallOptions, inputOf, showReport, withInstallOptions } from './install.ts';

export function addUninstall(program: Command, cli: Cli): void {
  withInstallOptions(program.command('uninstall'))
    .description('remove what install added, and nothing else; works without the clients too')
    .action(async (options: InstallOptions) => {
      const { uninstall } = await import('../../actions/install.ts');
      const report = await uninstall(inputOf(options, cli), await cli.actionContext());
      showReport(cli, report, { ...options, nothing: 'Nothing to remove: no client has samocode.' });
    });
}
