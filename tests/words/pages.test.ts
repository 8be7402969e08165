import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exampleErrors } from '../../scripts/docs/error-tables.ts';
import { BLOCK_RULES } from '../../src/core/kernel/phases/verdict.ts';
import { settingRows } from '../../src/core/project/settings/settings.ts';
import { parseSignal } from '../../src/core/session/documents/signal.ts';
import { commandsOf, isAsShown } from '../support/page-commands.ts';
import { blocksOf, pagePaths } from '../support/pages.ts';
import { CLI_NAMES, CLI_OPTIONS, inBackticks, ROOT } from './texts.ts';

const read = (path: string) => readFile(join(ROOT, path), 'utf8');
/** Pages for people; decisions and the changelog also describe the past, and the kit names no samocode command. */
const PAGES = (await pagePaths(ROOT)).filter((path) =>
  /^(?:docs\/(?!decisions)|examples\/|\.github|SECURITY)/.test(path),
);
/** Options that are not on the main program, and those of others. */
const FURTHER_OPTIONS = [
  '--config',
  '--session',
  '--token-stdin',
  '--prune',
  '--global',
  '--what',
  '--show-toplevel',
];

/** Commands on a page: in its blocks and in the prose. */
async function typed(path: string): Promise<string[]> {
  const text = await read(path);
  return [...inBackticks(text), ...commandsOf(text).map(({ command }) => command)].filter((words) =>
    /(?:^|\s)samocode /.test(words),
  );
}

/** Options of a client's own command that adds our server. */
const OF_CLIENTS = ['--transport', '--header'];

test.each(PAGES)('every command and option of samocode that %s names exists', async (path) => {
  const words = await typed(path);
  const names = words.flatMap((command) => /(?:^|&& )samocode ([a-z]+)/.exec(command)?.[1] ?? []);
  expect(names.filter((name) => !CLI_NAMES.includes(name))).toEqual([]);
  const options = words.flatMap(
    (command) => command.replace(/"[^"]*"/g, '').match(/(?<=\s)--[a-z][a-z-]*/g) ?? [],
  );
  const known = [...CLI_OPTIONS, ...FURTHER_OPTIONS, '--version', '--help', ...OF_CLIENTS];
  expect(options.filter((option) => !known.includes(option))).toEqual([]);
});

const SETTINGS = settingRows().map(({ key }) => key);
const IN_THE_ENVIRONMENT = [
  'SAMOCODE_SUPERVISOR',
  'SAMOCODE_REVIVE',
  'NO_COLOR',
  'FORCE_COLOR',
  'ANTHROPIC_API_KEY',
  'UNATTENDED',
  'CHECK',
];

test.each(PAGES.filter((path) => /^docs\/(?:guides|trouble|files|upgrade)/.test(path)))(
  'every setting that %s names exists',
  async (path) => {
    const named = inBackticks(await read(path)).flatMap(
      (words) => /^([A-Z]+(?:_[A-Z]+)*)(?:=|$)/.exec(words)?.[1] ?? [],
    );
    const isKnown = (name: string) =>
      [...SETTINGS, ...IN_THE_ENVIRONMENT].includes(name) ||
      SETTINGS.includes(name.replace(/_[A-Z]+$/, '_<PHASE>'));
    const folders = ['SESSIONS', 'WORKTREES'];
    expect(named.filter((name) => !isKnown(name) && !folders.includes(name))).toEqual([]);
  },
);

test('every code in the list of symptoms is one of an error or of a blocked session', async () => {
  const codes = new Set([...exampleErrors().map(({ code }) => code), ...Object.keys(BLOCK_RULES)]);
  const named = inBackticks(await read('docs/troubleshooting.md')).filter((word) =>
    /^[a-z]+(?:_[a-z]+)+$/.test(word),
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((word) => !codes.has(word))).toEqual([]);
});

test.each(PAGES)('every JSON of %s is parsed, and a signal is valid', async (path) => {
  const text = await read(path);
  const blocks = blocksOf(text).filter((block) => block.language === 'json' || /^\{\s*"/.test(block.text));
  const inProse = inBackticks(text).filter((words) => /^\{\s*"/.test(words) && !/\[|</.test(words));
  for (const json of [...blocks.map((block) => block.text), ...inProse]) {
    const value = JSON.parse(json);
    if ('status' in value) expect(parseSignal(json, value.phase ?? 'planning').kind).toBe('signal');
  }
});

test.each([
  ['a\nb', 'a\nb', true],
  ['a\nb\nc\nd', 'a\n…\nd', true],
  ['a\nb', 'a', false],
  ['26-11-21-x waits for 12 s', '26-01-08-x  waits for 0 s', true],
  ['26-11-21-y waits', '26-01-08-x waits', false],
  ['at 86dbc808, fine', 'at 00000000, …', true],
  ['at nothing', 'at 00000000', false],
])('whether %j matches the output on a page: %j, %s', (output, shown, wanted) => {
  expect(isAsShown(output, shown)).toBe(wanted);
});

test('commands are read from consoles, shells and indented blocks, with their output and their markers', () => {
  const page =
    'Text.\n\n    samocode list   shows them\n\n```console\n$ samocode a\none\n$ samocode b\n```\n\n<!-- needs a login -->\n```sh\ncodex login # once\n```\n\n1. So:\n\n   ```console\n   $ samocode c\n     two\n   ```\n';
  expect(commandsOf(page)).toEqual([
    { command: 'samocode list', shows: undefined, mark: '' },
    { command: 'samocode a', shows: 'one', mark: '' },
    { command: 'samocode b', shows: undefined, mark: '' },
    { command: 'codex login', shows: undefined, mark: 'needs a login' },
    { command: 'samocode c', shows: '  two', mark: '' },
  ]);
});
