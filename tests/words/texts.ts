import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { filesBelow, readSource } from '../../scripts/packages/source.ts';
import { COMMANDS } from '../../src/app/cli/whole-program.ts';
import { TOOLS } from '../../src/app/server/tools.ts';
import { allProviders } from '../../src/core/agents/registry.ts';
import type { Cli } from '../../src/core/faces/terminal/cli.ts';
import { PHASE_NAMES, SIGNAL_STATUSES, WAITING_FOR } from '../../src/core/kernel/phases/table.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const SOURCE = await readSource(ROOT);

/** Every Markdown file for models, by its path. */
export const TEXTS: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    (
      await Promise.all(
        ['workflow', 'agents', 'skills', 'commands', 'prompts'].map((folder) => filesBelow(ROOT, folder)),
      )
    )
      .flat()
      .map(async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const),
  ),
);

export const SKILL_NAMES = SOURCE.skills.map(({ name }) => name);
export const COMMAND_NAMES = SOURCE.commands.map(({ name }) => name);

const PROGRAM = addedCommands();
/** The subcommands of `samocode`. */
export const CLI_NAMES = PROGRAM.commands.map((command) => command.name());
const OPTIONS = PROGRAM.commands
  .flatMap((command) => [command, ...command.commands])
  .flatMap(({ options }) => options);
/** The long options of all subcommands, and common ones such as `--json`. */
export const CLI_OPTIONS = OPTIONS.flatMap(({ long }) => (long ? [long] : []));
/** The options whose values are a list, with what their help says. */
export const CLI_CHOICES = OPTIONS.flatMap(({ long, argChoices, description }) =>
  argChoices === undefined ? [] : [{ long, choices: argChoices, description }],
);

/** Names of the files that every session folder has. */
export const SESSION_FILES = Object.values(sessionPaths('/s', '26-01-08-x')).map((path) => basename(path));

/** Names that samocode defines: any other name in backticks does not exist. */
export const OUR_NAMES = new Set<string>([
  ...PHASE_NAMES,
  ...SIGNAL_STATUSES,
  ...WAITING_FOR,
  ...TOOLS.map(({ name }) => name),
  ...TOOLS.flatMap(({ input }) => Object.keys(input.shape)),
  ...SKILL_NAMES,
  ...COMMAND_NAMES,
  ...allProviders().map(({ name }) => name),
  ...SOURCE.skills.flatMap(({ text }) => actionsOf(text)),
  // Keys of a signal and of results, and needs of a blocked session.
  ...[
    'status',
    'phase',
    'for',
    'reason',
    'needs',
    'next',
    'cursor',
    'changed',
    'says',
    'hash',
    'needs_trust',
  ],
  ...['human_decision', 'clarification', 'error_resolution'],
]);

/** Text in backticks, except in fenced blocks. */
export function inBackticks(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

/** The contents of fenced blocks. */
export function fencedBlocks(text: string): string[] {
  return [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
}

/** The actions of a skill: its headings of the form "## name (argument)", or the names in its table. */
export function actionsOf(text: string): string[] {
  return [...text.matchAll(/^## ([a-z-]+)(?: \(.*\))?$|^\| `([a-z0-9]+)` \|/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}

function addedCommands(): Command {
  const program = new Command();
  // Adding a command reads nothing from the terminal; only running it does.
  for (const add of COMMANDS) add(program, {} as Cli);
  return program;
}
