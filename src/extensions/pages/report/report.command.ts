import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import type { Cli } from '../../../core/kit/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/kit/terminal/cli-errors.ts';
import { commandsOf } from '../../../core/kit/terminal/next-commands.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/kit/terminal/shared-options.ts';

interface ReportOptions extends SharedOptions {
  all?: true;
  output?: string;
  open?: true;
}

export function addReport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('report [session]'))
    .description('Write an HTML page about one session or all of them, and print its path')
    .option('--all', 'without a session: include every project on this machine')
    .option('--output <file>', 'the file to write (default: below the .run folder, where no agent works)')
    .option('--open', 'show it in the browser')
    .action(async (session: string | undefined, options: ReportOptions) => {
      const { all, open } = options;
      if (session !== undefined && all)
        throw CLI_ERRORS.usage({ why: 'A session and --all exclude each other.', hint: 'Give one of them.' });
      const { openPage, writeOverviewReport, writeSessionReport } = await import('./write-report.act.ts');
      const context = await cli.actionContext();
      const output = options.output === undefined ? undefined : resolve(cli.cwd, options.output);
      const request = { output, wordsOf: commandsOf, ...projectOf(options) };
      const written: { path: string; withoutPage?: string[] } =
        session === undefined
          ? await writeOverviewReport({ ...request, allProjects: all }, context)
          : await writeSessionReport({ ...request, session }, context);
      const { withoutPage = [] } = written;
      if (withoutPage.length > 0) cli.output.warn(`No page could be created for ${withoutPage.join(', ')}.`);
      const isOpened = open && (await openPage(written.path, context));
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
