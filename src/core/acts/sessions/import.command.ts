import type { Command } from 'commander';
import type { Cli } from '../../kit/terminal/cli.ts';
import { shownFacts } from '../../kit/terminal/session-facts.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../kit/terminal/shared-options.ts';
import { stateLine } from '../../session/words.ts';

export function addImport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('import <folder>'))
    .description('Make a session of a folder of the Python samocode; it then waits for you')
    .option('--phase <phase>', 'the phase at which it continues, instead of that in its overview')
    .action(async (folder: string, { phase, ...options }: SharedOptions & { phase?: string }) => {
      const { importFolder } = await import('./import-folder.act.ts');
      const input = { folder, phase, ...projectOf(options) };
      const { view, warnings } = await importFolder(input, await cli.actionContext());
      for (const warning of warnings) cli.output.warn(warning);
      const facts = shownFacts(view);
      const { good, accent } = cli.output.style;
      cli.output.result({ ...facts, warnings }, () =>
        [
          `${good('✔')} ${view.folder} is imported: ${stateLine(facts)}`,
          ...(facts.next ? [`  next  ${accent(facts.next)}`] : []),
        ].join('\n'),
      );
    });
}
