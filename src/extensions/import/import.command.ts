import type { Command } from 'commander';
import { sessionFacts } from '../../core/caller/facts/session-facts.ts';
import { askYesNo } from '../../core/faces/terminal/ask.ts';
import { type Cli, EXIT } from '../../core/faces/terminal/cli.ts';
import { hanging } from '../../core/faces/terminal/columns.ts';
import { jsonFacts } from '../../core/faces/terminal/json-facts.ts';
import { showLines } from '../../core/faces/terminal/pager.ts';
import { printDone } from '../../core/faces/terminal/print-done.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../core/faces/terminal/shared-options.ts';
import { shellWord } from '../../core/kernel/shell-quoted.ts';
import { counted } from '../../core/kernel/text.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { viewFacts } from '../../core/session/words/facts.ts';
import { stateLine } from '../../core/session/words/words.ts';
import type { SessionElsewhere } from './bring-log.act.ts';

type ImportOptions = SharedOptions & { phase?: string; withItsLog?: true; anyway?: true; yes?: true };

export function addImport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('import [folder]'))
    .description(
      'Make a session of a folder of the Python samocode, which then waits for you; without one, list them',
    )
    .option('--phase <phase>', 'the phase at which it continues, instead of that in its overview')
    .option(
      '--with-its-log',
      'continue a session of an earlier version, or of a SESSIONS that was moved; without a folder, all that no worker runs',
    )
    .option('--anyway', 'although another machine may work on it: that machine is gone for good')
    .option('-y, --yes', 'do not ask')
    .action(async (folder: string | undefined, options: ImportOptions) => {
      if (options.withItsLog) return await bringLogs(cli, folder, options);
      const { foldersToImport, importFolder } = await import('./import-folder.act.ts');
      if (folder === undefined) {
        const folders = await foldersToImport(projectOf(options).projectDir, await cli.actionContext());
        return cli.output.result(
          { folders },
          () => folders.join('\n') || 'Nothing to import: each folder of SESSIONS is a session already.',
        );
      }
      const input = { folder, phase: options.phase, anyway: options.anyway, ...projectOf(options) };
      const { view, warnings } = await importFolder(input, await cli.actionContext());
      for (const warning of warnings) cli.output.warn(warning);
      const done = `${view.folder} is imported: ${stateLine(viewFacts(view))}`;
      printDone(cli, { view, done }, { facts: { warnings } });
    });
}

async function bringLogs(cli: Cli, session: string | undefined, options: ImportOptions): Promise<void> {
  const { bringLog, readAllElsewhere, readElsewhere } = await import('./bring-log.act.ts');
  const context = await cli.actionContext();
  const project = projectOf(options);
  const found =
    session === undefined
      ? await readAllElsewhere(project, context)
      : [await readElsewhere({ session, ...project }, context)].filter((one) => one !== undefined);
  if (found.length > 0 && !(await isAgreed(cli, found, options))) return;
  const brought: SessionView[] = [];
  for (const each of found) brought.push(await bringLog({ ...each, anyway: options.anyway }, context));
  cli.output.result({ sessions: brought.map((view) => jsonFacts(sessionFacts(view))) }, () =>
    brought.length === 0
      ? 'The log of every session is where this version keeps it.'
      : `${counted(brought.length, 'session')} imported: ${brought.map(({ folder }) => folder).join(', ')}. Next: samocode list`,
  );
}

/** Shows what the sessions would run and may spend, and asks. Without a terminal, exits as what waits for a person. */
async function isAgreed(
  cli: Cli,
  found: readonly SessionElsewhere[],
  { yes }: Pick<ImportOptions, 'yes'>,
): Promise<boolean> {
  if (yes) return true;
  const { output } = cli;
  if (!cli.isInteractive) {
    const sessions = found.map(({ view, lines }) => ({ ...jsonFacts(sessionFacts(view)), would: lines }));
    const [only, ...others] = found;
    const name = only && others.length === 0 ? `${shellWord(only.view.folder)} ` : '';
    output.result({ sessions }, () =>
      [
        ...found.flatMap(({ view, lines }) => [view.folder, ...lines.map((line) => `  ${line}`)]),
        `Nothing was imported. A person does it in a terminal: samocode import ${name}--with-its-log`,
      ].join('\n'),
    );
    cli.leaveWith(EXIT.waiting);
    return false;
  }
  const wrapped = (line: string) => hanging(line, { first: '  ', columns: output.textColumns });
  await showLines(
    cli,
    found.flatMap(({ view, lines }) => [output.style.bold(view.folder), ...lines.map(wrapped), '']),
  );
  const sessions = found.length === 1 ? 'this session' : `these ${found.length} sessions`;
  output.say(`Once you import ${sessions}, all of that counts as yours, and the commands run.`);
  if (await askYesNo(cli, 'Import?')) return true;
  output.say('Nothing was imported.');
  return false;
}
