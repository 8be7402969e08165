import type { Command } from 'commander';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import { printDone } from '../../core/faces/terminal/print-done.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../core/faces/terminal/shared-options.ts';
import { viewFacts } from '../../core/session/words/facts.ts';
import { stateLine } from '../../core/session/words/words.ts';

export function addImport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('import [folder]'))
    .description(
      'Make a session of a folder of the Python samocode, which then waits for you; without one, list them',
    )
    .option('--phase <phase>', 'the phase at which it continues, instead of that in its overview')
    .action(async (folder: string | undefined, { phase, ...options }: SharedOptions & { phase?: string }) => {
      const { foldersToImport, importFolder } = await import('./import-folder.act.ts');
      if (folder === undefined) {
        const folders = await foldersToImport(projectOf(options).projectDir, await cli.actionContext());
        return cli.output.result({ folders }, () => folders.join('\n') || 'Every folder is a session.');
      }
      const input = { folder, phase, ...projectOf(options) };
      const { view, warnings } = await importFolder(input, await cli.actionContext());
      for (const warning of warnings) cli.output.warn(warning);
      const done = `${view.folder} is imported: ${stateLine(viewFacts(view))}`;
      printDone(cli, { view, done }, { facts: { warnings } });
    });
}
