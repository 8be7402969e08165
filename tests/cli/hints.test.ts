import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { hintForTerminal } from '../../src/cli/hints.ts';
import { TOOLS } from '../../src/server/tools/index.ts';

/** Every text of a file, holes of templates as "…". */
async function textsOf(path: string): Promise<string[]> {
  // Without types and comments, so that quotes are quotes of texts.
  const { code } = await transform(await readFile(path, 'utf8'), { loader: 'ts', target: 'node20' });
  const literals = code.match(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? [];
  return literals.map((literal) =>
    literal
      .slice(1, -1)
      .replace(/\$\{[^}]*\}+/g, '…')
      .replace(/\\(.)/g, '$1'),
  );
}

/** The rooms whose texts reach a terminal; what only models read lies elsewhere. */
const ROOMS = ['actions', 'base', 'cli', 'phases', 'project', 'providers', 'session', 'worker'];
const NAMES = [
  ...TOOLS.map(({ name }) => name),
  'project_dir',
  'init_repository',
  'accept_suggestions',
].filter((name) => name !== 'wait');
const NAMED = new RegExp(`\\b(?:${NAMES.join('|')})\\b`);
const WAIT_THE_TOOL = /\b(?:Call|Use|with) wait\b|\bwait to follow\b|: wait[.;]/;

async function hints(): Promise<string[]> {
  const src = join(import.meta.dirname, '../../src');
  const found = await Promise.all(
    ROOMS.map(async (room) => {
      const names = await readdir(join(src, room), { recursive: true });
      const own = names.filter(
        (name) => name.endsWith('.ts') && name !== 'hints.ts' && !name.includes('install'),
      );
      const texts = await Promise.all(own.map((name) => textsOf(join(src, room, name))));
      return texts.flat();
    }),
  );
  const steps = await textsOf(join(src, 'actions/next-step.ts'));
  const told = found
    .flat()
    .filter((text) => text.includes(' ') && (NAMED.test(text) || WAIT_THE_TOOL.test(text)));
  return [...told, ...steps.filter((text) => !text.startsWith('.')).map((step) => `Next: ${step}.`)];
}

const program = new Command();
for (const add of COMMANDS) add(program, { output: {} } as Cli);

/** What a hint says to type that is no command, or has options that it does not take. */
function wrongCommands(hint: string): string[] {
  return [...hint.matchAll(/"samocode ([^"]*)"/g)].flatMap(([quoted, words = '']) => {
    const [name = '', ...rest] = words.split(' ');
    const command = program.commands.find((each) => each.name() === name);
    const options = rest.filter((word) => word.startsWith('--') && !word.includes('…'));
    const known = options.every((option) => command?.options.some(({ long }) => long === option));
    return command !== undefined && known ? [] : [quoted];
  });
}

/** A command that is named twice in one sentence, as happens where a hint names tool and command. */
function doubled(hint: string): string[] {
  return hint.split(/[.;:] /).filter((sentence) => {
    const named = [...sentence.matchAll(/"(samocode \w+)/g)].map(([, name]) => name);
    return new Set(named).size < named.length;
  });
}

test('no hint of ours tells a person at a terminal of a tool, of an unknown command, or of one command twice', async () => {
  const all = await hints();
  expect(all.length).toBeGreaterThan(20);
  const shown = all.map(hintForTerminal);
  expect(shown.filter((hint) => NAMED.test(hint) || WAIT_THE_TOOL.test(hint))).toEqual([]);
  expect(shown.filter((hint) => hint.includes('says.'))).toEqual([]);
  // The person is who reads it here.
  expect(shown.filter((hint) => /\bthe (?:person|human)\b/.test(hint))).toEqual([]);
  expect(shown.flatMap(wrongCommands)).toEqual([]);
  expect(shown.flatMap(doubled)).toEqual([]);
});

test.each([
  ['finish_session with how: unarchive, then resume it.', '"samocode unarchive", then resume it.'],
  ['Make it with setup_project or "samocode init".', 'Make it with "samocode init".'],
  [
    'If the person agrees, call setup_project with init_repository: true ("samocode init --git-init").',
    'If the person agrees, run "samocode init --git-init".',
  ],
  ['Go on with it by resume_session (session: "x").', 'Go on with it by "samocode resume x".'],
  [
    'Use send_message to guide it, wait to follow it.',
    'Use "samocode message" to guide it, "samocode run" to follow it.',
  ],
  ['Correct it: "samocode init" or setup_project does both.', 'Correct it: "samocode init" does both.'],
  [
    "Put the person's own words into feedback.",
    'Write your words behind the name of the session, in quotation marks.',
  ],
  ['They wait for the end.', 'They wait for the end.'],
])('%s becomes %s', (hint, words) => {
  expect(hintForTerminal(hint)).toBe(words);
});
