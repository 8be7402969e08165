import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { commandsOf } from '../../../core/caller/facts/step-texts.ts';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';

interface ReportOptions extends SharedOptions {
  output?: string;
  open?: true;
}

export function addReport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('report <session>'))
    .description('Write an HTML page about a session, and print its path')
    .option('--output <file>', 'the file to write (default: in the run folder, where no agent works)')
    .option('--open', 'show it in the browser')
    .action(async (session: string, options: ReportOptions) => {
      const { openPage, writeSessionReport } = await import('./write-report.act.ts');
      const context = await cli.actionContext();
      const output = options.output === undefined ? undefined : resolve(cli.cwd, options.output);
      const request = { session, output, renderSteps: commandsOf, ...projectOf(options) };
      const written = await writeSessionReport(request, context);
      const isOpened = options.open && (await openPage(written.path, context));
      if (isOpened === false) cli.output.warn('No browser could be opened here.');
      cli.output.result({ ...written, opened: isOpened }, ({ path }) =>
        cli.output.isLive ? linkText(path, cli) : path,
      );
    });
}

/** Shows a URL that terminals open when it is clicked. */
function linkText(path: string, { output, env }: Cli): string {
  const link = `${output.style.good('✔')} ${pathToFileURL(path).href}`;
  if (!env.SSH_CONNECTION) return link;
  return `${link}\nYou are connected over SSH; on your own machine: scp <host>:${shellWord(path)} .`;
}
