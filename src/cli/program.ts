import { type Command, CommanderError } from 'commander';
import { CommandPending } from '../actions/command-pending.ts';
import { nearestName } from '../base/nearest-name.ts';
import { refusedFile } from '../base/refused-file.ts';
import { type Cli, EXIT, UsageError } from './cli.ts';
import { COMMANDS, HIDDEN_COMMANDS } from './commands.ts';
import { newCommand } from './new-command.ts';
import { isOriginalForm, originalForm } from './original-form.ts';
import { shortName } from './session-facts.ts';

/** Runs one command line to its end; whatever happens becomes words and an exit status. */
export async function runProgram(cli: Cli, argv: readonly string[]): Promise<void> {
  const program = isOriginalForm(argv) ? originalForm(cli) : makeProgram(cli);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (cli.interrupted.aborted) return cli.leaveWith(EXIT.interrupted);
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (error instanceof CommandPending) return showPending(cli, error);
    const shown =
      error instanceof CommanderError ? fromCommander(error, program, argv) : (refusedFile(error) ?? error);
    cli.output.error(shown);
    cli.leaveWith(shown instanceof UsageError ? EXIT.usage : EXIT.failed);
  }
}

/** No failure: it is done when its worker takes it. */
function showPending({ output }: Cli, { what, why, folder }: CommandPending): void {
  const next = `samocode status ${shortName(folder)}`;
  output.result({ session: folder, pending: true, summary: `${what} ${why}`, next }, ({ summary }) =>
    [summary, `  Look again: ${output.style.accent(next)}`].join('\n'),
  );
}

function makeProgram(cli: Cli): Command {
  const program = newCommand(cli, 'samocode')
    .description('Hand a coding task to an AI and walk away: unattended, gated, resumable sessions.')
    .version(__VERSION__, '-V, --version')
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  for (const add of [...COMMANDS, ...HIDDEN_COMMANDS]) add(program, cli);
  return program;
}

const EXAMPLES = `
Try it without a login or a model:   samocode demo
On a repository of your own:         cd my-repo && samocode run --task "Add JWT auth"

"samocode <command> --help" tells more. Every command takes --json.
Exit status: 0 fine, 1 failed, 2 wrong usage, 3 blocked, 4 waits for a person.`;

function fromCommander(error: CommanderError, program: Command, argv: readonly string[]): UsageError {
  const [problem = '', suggestion = ''] = wordsOf(error, argv).split('\n');
  return new UsageError(
    'The command was not understood.',
    `${problem.charAt(0).toUpperCase()}${problem.slice(1).replace(/\.$/, '')}.`,
    suggestion.replace(/^\((.*)\)$/, '$1') || hintFor(error, program, argv),
    { cause: error },
  );
}

/** `help` of a command that there is not fails without a word about it. */
function wordsOf({ code, message }: CommanderError, argv: readonly string[]): string {
  return code === 'commander.help' ? `unknown command '${argv.at(-1)}'` : message.replace(/^error: /, '');
}

/** What may be meant, where the problem alone does not say it. */
function hintFor({ code }: CommanderError, program: Command, argv: readonly string[]): string {
  const names = program.commands.map((command) => command.name());
  const [first = ''] = argv;
  const meant = code === 'commander.help' ? nearestName(argv.at(-1) ?? '', names) : undefined;
  if (meant !== undefined) return `Did you mean ${meant}?`;
  // Only the original form has options that it can't do without.
  if (code === 'commander.missingMandatoryOptionValue')
    return 'To start a session: samocode run --task "…"; the original form wants --config and --session.';
  const named = argv.find((word) => names.includes(word));
  if (named !== undefined && first.startsWith('-'))
    return `Options stand behind the command: samocode ${named} ${first} …`;
  if (code === 'commander.excessArguments' && (named === 'start' || named === 'run'))
    return `A task stands behind --task, in quotation marks: samocode ${named} --task "…"`;
  return named === undefined ? SEE_HELP : `See "samocode ${named} --help".`;
}

const SEE_HELP = 'See "samocode --help", or "samocode <command> --help".';
