import { type Argument, type Command, CommanderError, Help } from 'commander';
import { START_ERRORS } from '../../core/caller/errors/start-errors.ts';
import { type Cli, EXIT } from '../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../core/faces/terminal/cli-errors.ts';
import { argumentTerm, newCommand } from '../../core/faces/terminal/new-command.ts';
import type { AddCommand, SharedOptions } from '../../core/faces/terminal/shared-options.ts';
import { showPending } from '../../core/faces/terminal/show-pending.ts';
import type { SamocodeError } from '../../core/kernel/errors.ts';
import { refusedFile } from '../../core/kernel/files/refused-file.ts';
import { nearestName } from '../../core/kernel/nearest-name.ts';
import { capitalised, listed } from '../../core/kernel/text.ts';
import { SETTING_ERRORS } from '../../core/project/settings/setting-errors.ts';
import { settingByKey } from '../../core/project/settings/settings.ts';
import { SESSION_ERRORS } from '../../core/session/layout/session-errors.ts';
import { withExamples } from './examples.ts';

/** Asks at a terminal which session a command without one is about. @returns undefined if the person cancelled */
type AskName = (cli: Cli, command: string, options: SharedOptions) => Promise<string | undefined>;

/**
 * Runs one command line; every outcome becomes output and an exit status.
 * @param askName of a program that has commands with a session
 */
export async function runProgram(
  cli: Cli,
  argv: readonly string[],
  program: Command,
  askName?: AskName,
): Promise<void> {
  try {
    if (argv.length === 0) program.outputHelp();
    else if (argv.join(' ') === 'help all')
      program.configureHelp({ ...program.configureHelp(), visibleCommands: visibleIn }).outputHelp();
    else await parsed(cli, argv, program, askName);
  } catch (error) {
    if (cli.interrupted.aborted) return cli.leaveWith(EXIT.interrupted);
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (showPending(cli, error)) return;
    const shown =
      error instanceof CommanderError
        ? fromCommander(error, program, argv)
        : inOptionWords(refusedFile(error) ?? error);
    cli.output.error(shown);
    cli.leaveWith(isUsage(shown) ? EXIT.usage : EXIT.failed);
  }
}

async function parsed(
  cli: Cli,
  argv: readonly string[],
  program: Command,
  askName: AskName | undefined,
): Promise<void> {
  const parse = async (words: readonly string[]) => await program.parseAsync([...words], { from: 'user' });
  try {
    await parse(argv);
  } catch (error) {
    const isNameless =
      error instanceof CommanderError &&
      error.code === 'commander.missingArgument' &&
      error.message.includes("'session'");
    const command = isNameless && cli.isInteractive ? commandOf(program, argv) : undefined;
    const session = command && (await askName?.(cli, command.name(), command.opts()));
    if (command?.parent !== program || session === undefined) throw error;
    await parse([command.name(), session, ...argv.slice(1)]);
  }
}

function namedWhole(command: Command): string {
  return command.parent === null ? command.name() : `${namedWhole(command.parent)} ${command.name()}`;
}

/** That of the first words; of a group, the one below it. */
function commandOf(program: Command, [name, ...rest]: readonly string[]): Command | undefined {
  const command = program.commands.find((each) => each.name() === name);
  return command && (commandOf(command, rest) ?? command);
}

function isUsage(error: unknown): boolean {
  const { bad_group_name, bad_session_name } = SESSION_ERRORS;
  const { bad_phase, from_excludes, from_missing } = START_ERRORS;
  const rows = [CLI_ERRORS.usage, bad_group_name, bad_session_name, bad_phase, from_excludes, from_missing];
  return rows.some(({ is }) => is(error));
}

/** A heading of the help, and the commands below it. */
export type CommandGroup = readonly [title: string, commands: readonly AddCommand[]];

export function newProgram(cli: Cli, groups: readonly CommandGroup[]): Command {
  const program = newCommand(cli, 'samocode')
    .description('Hand a coding task to an AI and walk away: unattended, gated, resumable sessions.')
    .version(__VERSION__, '-V, --version', 'Print the version')
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);
  program.configureHelp({ ...program.configureHelp(), visibleCommands: everydayOf });
  for (const [title, commands] of groups) {
    program.commandsGroup(`${title}:`);
    for (const add of commands) add(program, cli);
  }
  program.helpCommand('help [command]', 'Show the help of a command, or of all');
  for (const command of program.commands) withExamples(command);
  return program;
}

/** What a session needs from its start to its end: the others are found when they are wanted. */
const EVERYDAY = 'run start stop resume finish watch web list show diff answer plan approve init doctor help';

/** Those below a command are shown whole. */
function everydayOf(command: Command): Command[] {
  const all = visibleIn(command);
  return command.parent === null ? all.filter((each) => EVERYDAY.split(' ').includes(each.name())) : all;
}

/** All commands of a program, or of a group, that its whole help shows. */
export function visibleIn(program: Command): Command[] {
  return new Help().visibleCommands(program);
}

const EXAMPLES = `
Try it without a login or a model:   samocode demo
On your own repository:              samocode run --task "Add JWT auth"

"samocode help all" lists every command, each with --help; all accept --json.
<session> is its name, a prefix of the name, or its five-character id, which
"samocode list" shows before the name.
Exit status: 0 success, 1 failure, 2 usage error, 3 blocked, 4 waits for you or
leaves you commands, 75 queued or accepted, and not done yet.`;

/** What there is instead of a command's word that went. */
const GONE: Readonly<Record<string, string>> = {
  'web --mcp':
    'A chat on another machine starts the server by "ssh <this machine> samocode-mcp" (docs/web.md).',
  'web token':
    'MCP over HTTP and its tokens are gone: a chat elsewhere starts the server by "ssh <this machine> samocode-mcp".',
};

function fromCommander(error: CommanderError, program: Command, argv: readonly string[]): SamocodeError {
  const [problem = '', suggestion = ''] = messageOf(error, argv).split('\n');
  const gone = argv.flatMap((word) => GONE[`${argv[0]} ${word.split('=')[0]}`] ?? [])[0];
  const hint = gone ?? meantName(error, program, argv) ?? suggestion.replace(/^\((.*)\)$/, '$1');
  return CLI_ERRORS.usage({
    why: `${capitalised(problem.replace(/\.$/, ''))}.`,
    hint: hint || hintFor(error, program, argv),
  });
}

/** Commander gives no message for `help` with an unknown command. */
function messageOf({ code, message }: CommanderError, argv: readonly string[]): string {
  return code === 'commander.help' ? `unknown command '${argv.at(-1)}'` : message.replace(/^error: /, '');
}

/** Commands or options that begin with the typed text; otherwise the nearest command. */
function meantName({ code }: CommanderError, program: Command, argv: readonly string[]): string | undefined {
  const names = visibleIn(program).map((command) => command.name());
  if (code === 'commander.unknownOption') {
    const command = commandOf(program, argv);
    const options = (command?.options ?? []).flatMap(({ long }) => long ?? []);
    const typed = argv.find((word) => word.startsWith('--') && !options.includes(word.split('=')[0] ?? ''));
    if (command === undefined || typed === undefined) return undefined;
    const key = typed.slice(2).split('=')[0]?.toUpperCase().replaceAll('-', '_') ?? '';
    if (options.includes('--set') && settingByKey(key)?.scope === 'project') return `Write --set ${key}=…`;
    if (options.length === 0) return undefined;
    const taken = `It takes ${listed(options, 6)}. See "${namedWhole(command)} --help".`;
    return meantOf(typed, options) ?? taken;
  }
  if (code !== 'commander.unknownCommand' && code !== 'commander.help') return undefined;
  const typed = (code === 'commander.help' ? argv.at(-1) : argv.find((word) => !word.startsWith('-'))) ?? '';
  return meantOf(typed, names);
}

/** The names that begin with the typed text, otherwise the nearest one. */
function meantOf(typed: string, names: readonly string[]): string | undefined {
  const begun = names.filter((name) => name.startsWith(typed));
  const nearest = nearestName(typed, names);
  const meant = begun.length > 0 || nearest === undefined ? begun : [nearest];
  return meant.length === 0 ? undefined : `Did you mean ${either(meant)}?`;
}

/** `a`, `a or b`, `a, b, or c`. Made here, because the format takes half as long to load as Node takes to start. */
function either(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names);
}

function hintFor({ code }: CommanderError, program: Command, argv: readonly string[]): string {
  const names = program.commands.map((command) => command.name());
  const [first = ''] = argv;
  // Only the original form has required options.
  if (code === 'commander.missingMandatoryOptionValue')
    return 'To start a session: samocode run --task "…"; the original form needs --config and --session.';
  const named = argv.find((word) => names.includes(word));
  if (named !== undefined && first.startsWith('-'))
    return `Options go after the command: samocode ${named} ${first} …`;
  if (code === 'commander.excessArguments' && (named === 'start' || named === 'run'))
    return `A task goes after --task, in quotation marks: samocode ${named} --task "…"`;
  const command = code === 'commander.missingArgument' ? commandOf(program, argv) : undefined;
  const usage =
    command && `Write: samocode ${[named, ...command.registeredArguments.map(valuesOf)].join(' ')}. `;
  return named === undefined ? SEE_HELP : `${usage ?? ''}See "samocode ${named} --help".`;
}

function valuesOf(argument: Argument): string {
  return argument.argChoices?.join('|') ?? argumentTerm(argument);
}

const SEE_HELP = 'See "samocode --help", or "samocode <command> --help".';

/** Names the option instead of the setting in an error; returns other errors unchanged. */
function inOptionWords(error: unknown): unknown {
  if (!SETTING_ERRORS.setting_invalid.is(error) || error.args.ofCall === undefined) return error;
  const { form, shown, problem, ofCall } = error.args;
  const { key, meant, example } = ofCall;
  const option = optionOf(key);
  const instead = meant ?? example;
  return CLI_ERRORS.usage({
    why: problem
      ? `${option} cannot be used. ${problem}: ${shown}.`
      : `${option} must be ${form}, but it is ${shown}.`,
    hint:
      instead === undefined
        ? SEE_HELP
        : `${meant ? 'Did you mean' : 'For example'} ${option}${option.endsWith('=') ? '' : ' '}${instead}${meant ? '?' : '.'}`,
  });
}

/** `--max-cost-usd` for MAX_COST_USD; `--providers quality=` for PROVIDER_QUALITY. */
function optionOf(key: string): string {
  const [, family, phase = ''] = /^(PROVIDER|MODEL)_([A-Z]+)$/.exec(key) ?? [];
  if (family !== undefined) return `--${family.toLowerCase()}s ${phase.toLowerCase()}=`;
  return `--${key.toLowerCase().replaceAll('_', '-')}`;
}
