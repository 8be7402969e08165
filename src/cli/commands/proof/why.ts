import type { Command } from 'commander';
import { whyWords } from '../../rendering/why-words.ts';
import type { Cli } from '../../terminal/cli.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../terminal/shared-options.ts';

export function addWhy(program: Command, cli: Cli): void {
  withSharedOptions(program.command('why <file> [session]'))
    .description('Show the iterations, plan steps, requirements and answers behind the changes of a file')
    .action((file: string, session: string | undefined, options: SharedOptions) =>
      why(cli, { file, session }, options),
    );
}

async function why(
  cli: Cli,
  { file, session }: { file: string; session: string | undefined },
  options: SharedOptions,
): Promise<void> {
  const { whyFile } = await import('../../../actions/reading/why-file.ts');
  const found = await whyFile({ path: file, session, ...projectOf(options) }, await cli.actionContext());
  cli.output.result(found, () => whyWords(found, cli.output.style));
}
