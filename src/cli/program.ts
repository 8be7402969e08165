import { type Command, CommanderError } from 'commander';
import { type Cli, EXIT, UsageError } from './cli.ts';
import { COMMANDS } from './commands.ts';
import { newCommand } from './new-command.ts';
import { isOriginalForm, originalForm } from './original-form.ts';

/** Runs one command line to its end; whatever happens becomes words and an exit status. */
export async function runProgram(cli: Cli, argv: readonly string[]): Promise<void> {
  const program = isOriginalForm(argv) ? originalForm(cli) : makeProgram(cli);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (cli.interrupted.aborted) return cli.leaveWith(EXIT.interrupted);
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const shown = error instanceof CommanderError ? fromCommander(error) : error;
    cli.output.error(shown);
    cli.leaveWith(shown instanceof UsageError ? EXIT.usage : EXIT.failed);
  }
}

function makeProgram(cli: Cli): Command {
  const program = newCommand(cli, 'samocode')
    .description('Hand a coding task to an AI and walk away: unattended, gated, resumable sessions.')
    .version(__VERSION__, '-V, --version')
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  for (const add of COMMANDS) add(program, cli);
  return program;
}

const EXAMPLES = `
Try it without a login or a model:   samocode demo
On a repository of your own:         cd my-repo && samocode run --task "Add JWT auth"

"samocode <command> --help" tells more. Every command takes --json.
Exit status: 0 fine, 1 failed, 2 wrong usage, 3 blocked, 4 waits for a person.`;

function fromCommander(error: CommanderError): UsageError {
  const [problem = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  return new UsageError(
    'The command was not understood.',
    `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`,
    suggestion.replace(/^\((.*)\)$/, '$1') || 'See "samocode --help", or "samocode <command> --help".',
    { cause: error },
  );
}
