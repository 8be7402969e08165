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
  return `# The command line

<!-- Written by \`npm run docs\` from the commands in src/. Change the code, then run it again. -->

\`samocode <command> --help\` shows the same. For \`<session>\` the name without its date is enough.

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

${commands.map(chapter).join('\n\n')}
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
  const name = nameOf(command);
  return [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, escaped(command.description())];
}

function chapter(command: Command): string {
  const name = nameOf(command);
  const own = command.options.filter(({ long }) => !SHARED.options.some((shared) => shared.long === long));
  const args = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const description = command.description();
  return [
    `## ${name}`,
    escaped(`${description.charAt(0).toUpperCase()}${description.slice(1)}.`),
    ...(args.length > 0 ? [`Arguments: ${codes(args)}.`] : []),
    ...(own.length > 0 ? [optionsTable(own)] : []),
  ].join('\n\n');
}

function optionsTable(options: readonly Option[]): string {
  const rows = options.filter(({ hidden }) => !hidden);
  return table(
    ['option', 'meaning'],
    rows.map((option) => [codes([option.flags]), escaped(HELP.optionDescription(option))]),
  );
}

/** Angle brackets would be read as HTML. */
function escaped(words: string): string {
  return words.replace(/<[\w|-]+>/g, (name) => `\`${name}\``);
}
