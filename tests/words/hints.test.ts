import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { filesBelow } from '../../scripts/packages/source.ts';
import { COMMANDS } from '../../src/app/cli/whole-program.ts';
import { commandsOf } from '../../src/core/caller/facts/step-texts.ts';
import type { Cli } from '../../src/core/faces/terminal/cli.ts';
import { ACTS, TO_FILL } from '../../src/core/kernel/acts.ts';
import { CLI_NAMES, ROOT } from './texts.ts';

// Every command of ours that a text names is one that our own program takes.

/** The program, and below it every command: none of them does anything. */
function idleProgram(): Command {
  const program = new Command();
  for (const add of COMMANDS) add(program, {} as Cli);
  const idle = (command: Command): void => {
    command.exitOverride().action(() => undefined);
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    command.commands.forEach(idle);
  };
  idle(program);
  return program;
}

/** Why our program does not take a command line; undefined if it does. */
function refusal(argv: readonly string[]): string | undefined {
  try {
    idleProgram().parse(argv, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return NOT_REFUSALS.has(error.code) ? undefined : error.message;
  }
}

/** A text may name a command without its arguments, and `pool` alone shows its subcommands. */
const NOT_REFUSALS = new Set(
  ['missingArgument', 'optionMissingArgument', 'help', 'helpDisplayed'].map((code) => `commander.${code}`),
);

const WORD =
  /^(?:--?[a-z][a-z-]*|<[^<>]+>|"[^"]*"|'[^']*'|\$\{[^{}]*\}|…|[A-Z_]+=\S+|\S+@\S+)(?=[\s.,;:)`"']|$)/;

const NAME = /^[a-z][a-z-]*(?=[\s.,;:)`"']|$)/;

/** The command line that begins after `samocode`, as far as it is one and not prose. */
function argvAt(text: string): string[] {
  const argv: string[] = [];
  let named: Command | undefined = idleProgram();
  for (let rest = text; ; ) {
    const at = rest.trimStart();
    const name = NAME.exec(at)?.[0];
    named = named?.commands.find((command) => command.name() === name);
    const word = named?.name() ?? WORD.exec(at)?.[0];
    if (word === undefined) return argv;
    if (!/^\$\{(?:flags|target)\}$/.test(word)) argv.push(filled(word));
    rest = at.slice(word.length);
    if (!/^\s/.test(rest)) return argv;
  }
}

/** A value in the place of the name of one. */
function filled(word: string): string {
  return /^<(?:number|iteration)>$/.test(word) ? '7' : word.replace(/^["']|["']$/g, '');
}

async function commandsIn(folder: string): Promise<{ at: string; argv: string[] }[]> {
  const paths = (await filesBelow(ROOT, folder)).filter((path) => /\.(?:ts|md|mjs)$/.test(path));
  const found = paths.map(async (path) => {
    const text = await readFile(join(ROOT, path), 'utf8');
    return [...text.matchAll(/(?<!["'\w/-])samocode (?=[a-z])/g)].map(({ index }) => ({
      at: `${path}: ${text.slice(index, index + 70).split('\n')[0]}`,
      argv: argvAt(text.slice(index + 'samocode '.length, index + 300).split('\n')[0] ?? ''),
    }));
  });
  return (await Promise.all(found)).flat().filter(({ argv: [name = ''] }) => CLI_NAMES.includes(name));
}

test.each(['src', 'docs', 'skills', 'prompts', 'commands', 'agents', 'workflow'])(
  'each command that a text of %s names is one that our program takes',
  async (folder) => {
    const commands = await commandsIn(folder);
    const refused = commands.flatMap(({ at, argv }) => {
      const why = refusal(argv);
      return why === undefined ? [] : [{ at, argv, why }];
    });
    expect(refused).toEqual([]);
  },
);

test('a command that does not exist would be found', () => {
  expect(refusal(['finish', 'x', '--squash'])).toContain('unknown option');
  expect(refusal(['gone'])).toBeDefined();
});

/** The arguments with which steps are given. */
const ARGS: Partial<Record<(typeof ACTS)[number], readonly object[]>> = {
  finish: [
    {},
    { how: TO_FILL },
    { how: 'pull_request', watch: false },
    { how: 'keep_branch' },
    { how: 'merge' },
  ],
  read_document: [{}, { document: 'checks' }],
  raise_limits: [{ usd: 5 }, { tokens: 10, hours: 2, iterations: 9 }],
  resume: [{}, { goal: TO_FILL }, { note: 'Boats, first' }],
  rewind: [{ to: 2 }],
  set_up: [{}, { init_repository: true }],
};

test.each(ACTS)('the next step %s is a command that our program takes', (act) => {
  for (const args of ARGS[act] ?? [{}])
    for (const command of commandsOf([{ act, session: '26-01-08-boats', args: { ...args } }]))
      if (!command.startsWith('samocode …'))
        expect([command, refusal(argvOf(command))]).toEqual([command, undefined]);
});

/** As a shell splits it. */
function argvOf(command: string): string[] {
  const words = command.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^["']|["']$/g, ''));
}
