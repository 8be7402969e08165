import { Command, Help, type Option } from 'commander';
import { COMMANDS } from '../../src/app/cli/whole-program.ts';
import { type Cli, EXIT } from '../../src/core/faces/terminal/cli.ts';
import { withSharedOptions } from '../../src/core/faces/terminal/shared-options.ts';
import { codes, type Page, table } from './page.ts';

export const cliPage: Page = { path: 'docs/cli.md', render };

const HELP = new Help();
const SHARED = withSharedOptions(new Command());
const STATUSES: readonly [keyof typeof EXIT, string][] = [
  ['ok', 'success; for a followed session: it is done'],
  ['failed', 'failure'],
  ['usage', 'usage error'],
  ['blocked', 'the session is blocked'],
  ['waiting', 'the session waits for you, or the printed commands do the rest'],
  [
    'pending',
    'not done yet: the command is queued until a worker answers, or accepted and still being carried out',
  ],
  ['interrupted', 'Ctrl-C; the session continues'],
];

function render(): string {
  const commands = leavesOf(programme());
  const several = sharedBySeveral(commands);
  return `# The command line

<!-- Written by \`npm run docs\` from the commands in src/. Change the code, then run it again. -->

\`samocode <command> --help\` shows the same. For \`<session>\` the name without its date is enough. A command without a link has no options
but those of [every command](#for-every-command).

${table(['command', 'what for'], commands.map(overviewRow))}

## For every command

${optionsTable(SHARED.options)}

With \`--json\`, a session has the fields that the [tools](tools.md#fields-about-a-session) return about one, by the same names and with the same values;
\`next\` and \`next_commands\` name commands in place of calls. Further fields (\`needs_human\`, \`open_questions\`, \`phase_iteration\`, \`cost_usd\`,
\`session_dir\`, …) are named in the same way.

${table(
  ['exit status', 'meaning'],
  STATUSES.map(([name, words]) => [codes([String(EXIT[name])]), words]),
)}

## For several commands

${optionsTable(several)}

${commands
  .filter((command) => optionsOf(command).length > 0)
  .map((command, at, all) => chapter(command, several, all[at - 1]))
  .join('\n\n')}
`;
}

function programme(): Command {
  const program = new Command('samocode');
  // Adding a command reads nothing from the terminal; only running it does.
  for (const add of COMMANDS) add(program, {} as Cli);
  return program;
}

/** Every command; those of a group follow the group itself. */
function leavesOf(group: Command): Command[] {
  return group.commands.flatMap((command) => [command, ...leavesOf(command)]);
}

/** `samocode notify telegram`. */
function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function overviewRow(command: Command): string[] {
  const args = command.registeredArguments.map(
    (argument) =>
      argument.argChoices?.join('|') ?? (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
  );
  const name = nameOf(command);
  const usage = codes([[name, ...args].join(' ')]);
  const linked = optionsOf(command).length > 0 ? `[${usage}](#${name.replaceAll(' ', '-')})` : usage;
  return [linked, escaped(command.description())];
}

/** Those that its help lists, without the ones of every command. */
function optionsOf({ options }: Command): Option[] {
  return options.filter(
    ({ long, hidden }) => !hidden && !SHARED.options.some((shared) => shared.long === long),
  );
}

/** One of each option that means the same in several commands, if that takes more than a few words and its flag means one thing. */
function sharedBySeveral(commands: readonly Command[]): Option[] {
  const options = commands.flatMap(optionsOf).filter(({ description }) => description.split(' ').length > 4);
  const repeated = options.filter(
    (option, at) =>
      options.findIndex((other) => isSame(option, other)) === at &&
      options.some((other, after) => after > at && isSame(option, other)),
  );
  return repeated.filter(({ flags }) => repeated.filter((other) => other.flags === flags).length === 1);
}

function isSame(one: Option, other: Option): boolean {
  return one.flags === other.flags && HELP.optionDescription(one) === HELP.optionDescription(other);
}

function chapter(command: Command, several: readonly Option[], before: Command | undefined): string {
  const isShared = (option: Option) => several.some((other) => isSame(option, other));
  const namesOf = (of: Command) =>
    codes(
      optionsOf(of)
        .filter(isShared)
        .map(({ long, flags }) => long ?? flags),
    );
  const shared = optionsOf(command).filter(isShared);
  const own = optionsOf(command).filter((option) => !isShared(option));
  const isAsBefore = shared.length > 3 && before && namesOf(before) === namesOf(command);
  const names = isAsBefore ? `those of \`${nameOf(before)}\`` : namesOf(command);
  return [
    `## ${nameOf(command)}`,
    ...(own.length > 0 ? [optionsTable(own)] : []),
    ...(shared.length > 0 ? [`[Shared options](#for-several-commands): ${names}.`] : []),
  ].join('\n\n');
}

function optionsTable(options: readonly Option[]): string {
  return table(
    ['option', 'meaning'],
    options.map((option) => [codes([option.flags]), escaped(HELP.optionDescription(option))]),
  );
}

/** Angle brackets would be read as HTML. */
function escaped(words: string): string {
  return words.replace(/<[\w|-]+>/g, (name) => `\`${name}\``);
}
