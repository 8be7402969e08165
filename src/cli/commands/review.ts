import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { OpenedProof } from '../../actions/proving/open-proof.ts';
import { nextCommands } from '../rendering/next-commands.ts';
import { verificationWords, whyWords } from '../rendering/review-words.ts';
import { type Cli, EXIT } from '../terminal/cli.ts';
import { CLI_ERRORS } from '../terminal/cli-errors.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../terminal/shared-options.ts';
import { harmless } from '../terminal/style.ts';

interface ReportOptions extends SharedOptions {
  all?: true;
  output?: string;
  open?: true;
}

export function addReport(program: Command, cli: Cli): void {
  withSharedOptions(program.command('report [session]'))
    .description('Write a page about a session, or about all of them, for a browser; print its path')
    .option('--all', 'without a session: those of every project on this machine')
    .option('--output <file>', 'the file to write (default: below the .run folder, where no agent works)')
    .option('--open', 'show it in the browser')
    .action(async (session: string | undefined, options: ReportOptions) => {
      const { all, open } = options;
      if (session !== undefined && all)
        throw CLI_ERRORS.usage({ why: 'A session and --all exclude each other.', hint: 'Give one of them.' });
      const { openPage, writeOverviewReport, writeSessionReport } = await import(
        '../../actions/reporting/write-report.ts'
      );
      const context = await cli.actionContext();
      const output = options.output === undefined ? undefined : resolve(cli.cwd, options.output);
      const wish = { output, wordsOf: nextCommands, ...projectOf(options) };
      const written: { path: string; withoutPage?: string[] } =
        session === undefined
          ? await writeOverviewReport({ ...wish, allProjects: all }, context)
          : await writeSessionReport({ ...wish, session }, context);
      const { withoutPage = [] } = written;
      if (withoutPage.length > 0) cli.output.warn(`No page could be made of ${withoutPage.join(', ')}.`);
      const isOpened = open && (await openPage(written.path, context));
      if (isOpened === false) cli.output.warn('No browser could be opened here.');
      cli.output.result({ ...written, opened: isOpened }, ({ path }) => path);
    });
}

interface VerifyOptions extends SharedOptions {
  yes?: true;
}

export function addVerify(program: Command, cli: Cli): void {
  withSharedOptions(program.command('verify'))
    .argument('<session|proof>', 'a session, its proof.json or its proof.md')
    .description('Repeat the proof of a session that is done, and show the differences')
    .option('-y, --yes', 'run the commands of a proof file without asking')
    .action(async (of: string, options: VerifyOptions) => {
      const [{ openProof }, { verifyProof }] = await Promise.all([
        import('../../actions/proving/open-proof.ts'),
        import('../../actions/proving/verify-proof.ts'),
      ]);
      const context = await cli.actionContext();
      const opened = await openProof({ of, ...projectOf(options) }, context);
      if (!options.yes) await agreeTo(cli, opened);
      const result = await verifyProof(opened, context, {
        signal: cli.interrupted,
        begins: (command) => cli.output.say(cli.output.style.dim(`running ${harmless(command)}`)),
      });
      cli.leaveWith(result.verified ? EXIT.ok : EXIT.failed);
      cli.output.result(result, () => verificationWords(result, cli.output));
    });
}

/** Whoever wrote a file chose what runs; the commands of a session its own person has trusted. */
async function agreeTo(cli: Cli, { from, proof }: OpenedProof): Promise<void> {
  const runs = proof?.checks?.runs ?? [];
  if (from === 'session' || proof === undefined || runs.length === 0) return;
  const { setup } = proof.clone;
  const commands = runs.flatMap(({ command, isSetup }) => (isSetup ? [] : [command]));
  const shown = [...(setup === undefined ? [] : [setup]), ...commands].map(harmless);
  if (!cli.isInteractive) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
  cli.output.say('The proof file names these commands; they run as you, on a fresh clone of the branch:');
  for (const command of shown) cli.output.say(`  ${command}`);
  const { askYesNo } = await import('../asking/ask-questions.ts');
  if ((await askYesNo(cli, 'Run them?')) !== true) throw CLI_ERRORS.commands_not_agreed({ commands: shown });
}

export function addWhy(program: Command, cli: Cli): void {
  withSharedOptions(program.command('why <file> [session]'))
    .description('Show the iterations, plan steps, requirements and answers behind the changes of a file')
    .action(async (path: string, session: string | undefined, options: SharedOptions) => {
      const { whyFile } = await import('../../actions/reading/why-file.ts');
      const found = await whyFile({ path, session, ...projectOf(options) }, await cli.actionContext());
      cli.output.result(found, () => whyWords(found, cli.output.style));
    });
}
