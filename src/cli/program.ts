import { type Command, CommanderError } from 'commander';
import { ACTION_ERRORS } from '../actions/acting/action-errors.ts';
import type { SamocodeError } from '../base/errors.ts';
import { refusedFile } from '../base/files/refused-file.ts';
import { nearestName } from '../base/nearest-name.ts';
import { capitalised } from '../base/plain-words.ts';
import { COMMANDS, HIDDEN_COMMANDS } from './commands.ts';
import { isOriginalForm, originalForm } from './original-form.ts';
import { nextCommands } from './rendering/next-commands.ts';
import { type Cli, EXIT } from './terminal/cli.ts';
import { CLI_ERRORS } from './terminal/cli-errors.ts';
import { newCommand } from './terminal/new-command.ts';

/** Runs one command line to its end; whatever happens becomes words and an exit status. */
export async function runProgram(cli: Cli, argv: readonly string[]): Promise<void> {
  const program = isOriginalForm(argv) ? originalForm(cli) : makeProgram(cli);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (cli.interrupted.aborted) return cli.leaveWith(EXIT.interrupted);
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (ACTION_ERRORS.pending.is(error)) return showPending(cli, error);
    const shown =
      error instanceof CommanderError ? fromCommander(error, program, argv) : (refusedFile(error) ?? error);
    cli.output.error(shown);
    cli.leaveWith(CLI_ERRORS.usage.is(shown) ? EXIT.usage : EXIT.failed);
  }
}

type Pending = ReturnType<typeof ACTION_ERRORS.pending>;

/** No failure: it is done when its worker takes it. */
function showPending({ output }: Cli, { what, why, next: steps, args }: Pending): void {
  const next = nextCommands(steps);
  output.result({ session: args.session, pending: true, summary: `${what} ${why}`, next }, ({ summary }) =>
    [summary, `  Check again: ${output.style.accent(next)}`].join('\n'),
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

"samocode <command> --help" describes a command. Every command accepts --json.
Exit status: 0 success, 1 failure, 2 wrong usage, 3 blocked, 4 waits for you.`;

function fromCommander(error: CommanderError, program: Command, argv: readonly string[]): SamocodeError {
  const [problem = '', suggestion = ''] = wordsOf(error, argv).split('\n');
  return CLI_ERRORS.usage({
    why: `${capitalised(problem.replace(/\.$/, ''))}.`,
    hint: suggestion.replace(/^\((.*)\)$/, '$1') || hintFor(error, program, argv),
  });
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
    return 'To start a session: samocode run --task "…"; the original form needs --config and --session.';
  const named = argv.find((word) => names.includes(word));
  if (named !== undefined && first.startsWith('-'))
    return `Options go after the command: samocode ${named} ${first} …`;
  if (code === 'commander.excessArguments' && (named === 'start' || named === 'run'))
    return `A task goes after --task, in quotation marks: samocode ${named} --task "…"`;
  return named === undefined ? SEE_HELP : `See "samocode ${named} --help".`;
}

const SEE_HELP = 'See "samocode --help", or "samocode <command> --help".';
