import { type Command, CommanderError } from 'commander';
import { ACTION_ERRORS } from '../actions/acting/action-errors.ts';
import type { Code } from '../actions/codes.ts';
import { isSamocodeError } from '../base/errors.ts';
import { refusedFile } from '../base/files/refused-file.ts';
import { COMMAND_GROUPS, HIDDEN_COMMANDS } from './command-groups.ts';
import { withExamples } from './examples.ts';
import { isOriginalForm, originalForm } from './original-form.ts';
import { nextCommands } from './rendering/next-commands.ts';
import { type Cli, EXIT } from './terminal/cli.ts';
import { CLI_ERRORS } from './terminal/cli-errors.ts';
import { newCommand } from './terminal/new-command.ts';
import { fromCommander, inOptionWords } from './usage.ts';

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
      error instanceof CommanderError
        ? fromCommander(error, program, argv)
        : inOptionWords(refusedFile(error) ?? error);
    cli.output.error(shown);
    cli.leaveWith(isUsage(shown) ? EXIT.usage : EXIT.failed);
  }
}

/** Refused for how the command line is written, whatever the sessions are. */
const WRONG_WORDS: readonly Code[] = [
  'bad_cap',
  'bad_group_name',
  'bad_phase',
  'bad_session_name',
  'from_excludes',
  'from_missing',
];

function isUsage(error: unknown): boolean {
  if (!isSamocodeError(error)) return false;
  return CLI_ERRORS.usage.is(error) || WRONG_WORDS.some((code) => code === error.code);
}

type Pending = ReturnType<typeof ACTION_ERRORS.pending>;

/** No failure: it is done when its worker takes it. */
function showPending({ output }: Cli, { what, why, next: steps, args }: Pending): void {
  const next = nextCommands(steps);
  output.result({ session: args.session, pending: true, summary: `${what} ${why}`, next }, ({ summary }) =>
    [summary, `  Check again: ${output.style.accent(next)}`].join('\n'),
  );
}

/** The whole command line, before anything of it runs. */
export function makeProgram(cli: Cli): Command {
  const program = newCommand(cli, 'samocode')
    .description('Hand a coding task to an AI and walk away: unattended, gated, resumable sessions.')
    .version(__VERSION__, '-V, --version', 'Print the version')
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  for (const [title, commands] of Object.entries(COMMAND_GROUPS)) {
    program.commandsGroup(`${title}:`);
    for (const add of commands) add(program, cli);
  }
  program.helpCommand('help [command]', 'Show the help of a command');
  for (const add of HIDDEN_COMMANDS) add(program, cli);
  for (const command of program.commands) withExamples(command);
  return program;
}

const EXAMPLES = `
Try it without a login or a model:   samocode demo
On a repository of your own:         samocode run --task "Add JWT auth"

"samocode <command> --help" describes a command. Every command accepts --json.
<session> is its name, the beginning of it, or its five-character id, which
"samocode list" shows in front.
Exit status: 0 success, 1 failure, 2 wrong usage, 3 blocked, 4 waits for you.`;
