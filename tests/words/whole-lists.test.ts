import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow } from '../../scripts/packages/source.ts';
import { allProviders, furtherProviders } from '../../src/core/agents/registry.ts';
import { SANDBOXES } from '../../src/core/kernel/sandbox-level.ts';
import { ACP_PROVIDERS } from '../../src/extensions/acp/acp.ts';
import { CLIENT_NAMES } from '../../src/extensions/setup/install/client-names.ts';
import { CLIENTS } from '../../src/extensions/setup/install/clients.ts';
import { pagePaths } from '../support/pages.ts';
import { CLI_CHOICES, ROOT, TEXTS } from './texts.ts';

// A text that lists agent CLIs, clients or levels of the sandbox lists all of some kind, as the code knows it: this test
// fails if a list in the code grows and a text does not.

/** Pages about other products, about the past, or about single facts of each client. */
const OTHERS = /^(?:CHANGELOG\.md|docs\/(?:comparison|clients|web)\.md|docs\/decisions\/)/;
const FURTHER = ['.env.example', 'package.json', 'server.json', 'action.yml', 'examples/shared/run.sh'];

const FILES = [
  ...[...(await pagePaths(ROOT)), ...TEXTS.keys(), ...FURTHER],
  ...(await Promise.all(['packages', '.github'].map((folder) => filesBelow(ROOT, folder)))).flat(),
].filter((path) => !OTHERS.test(path) && !path.endsWith('.png'));

const names = (all: readonly { name: string }[]) => all.map(({ name }) => name);
const among = (only: (provider: (typeof PROVIDERS)[number]) => unknown) => names(PROVIDERS.filter(only));
const PROVIDERS = allProviders();
const ACP = new Set(names(ACP_PROVIDERS));

/** Every kind of agent CLI or client that a text may list. */
const KINDS = {
  'all providers': names(PROVIDERS),
  'providers except the one of ACP_COMMAND': among(({ name }) => name !== 'acp'),
  'providers with a program': among(({ defaultCommand, settings }) => settings && defaultCommand),
  'providers whose real CLI was tried': among(({ facts }) => facts?.tested),
  'agents of the protocol that were not tried': among(
    ({ name, facts }) => ACP.has(name) && name !== 'acp' && !facts?.tested,
  ),
  clients: [...CLIENT_NAMES],
};

const SPELLINGS = new Map(
  [...PROVIDERS, ...CLIENTS].flatMap(({ name, title }) =>
    [name, title, title.replace('GitHub ', ''), title.replace(/^GitHub | CLI$/g, '')].map(
      (spelling) => [spelling, name] as const,
    ),
  ),
);
const LEVELS = new Map(SANDBOXES.map((level) => [level as string, level as string]));

const BETWEEN = ',? (?:or|and) |, |,|/|\\|';

/** The lists of three and more of these words that a text has, and the text behind each. */
function listsIn(text: string, spellings: ReadonlyMap<string, string>): { found: string[]; rest: string }[] {
  const longestFirst = [...spellings.keys()].sort((a, b) => b.length - a.length);
  const word = `[\`*]*(?:${longestFirst.join('|')})[\`*]*(?![\\w-])(?: \\([^()]*\\))?`;
  const list = new RegExp(`(?<![\\w-])${word}(?:(?:${BETWEEN})${word}){2,}`, 'g');
  const flat = text.replace(/\s+#?\s*/g, ' ');
  return [...flat.matchAll(list)].map(({ 0: found, index }) => ({
    found: found
      .replace(/ \([^()]*\)|[`*]/g, '')
      .split(new RegExp(BETWEEN))
      .map((each) => spellings.get(each) ?? each),
    rest: flat.slice(index + found.length),
  }));
}

const isOpen = (rest: string) => /^,? (?:or |and )?\[?(?:any|an?other|others|further)\b/.test(rest);
const key = (list: readonly string[]) => [...new Set(list)].sort().join(', ');

/** Pages that may list the agent CLIs that no extension adds. */
const OF_CORE = /^(?:ARCHITECTURE\.md|docs\/guides\/any-agent\.md)$/;
const CORE = among((provider) => !furtherProviders.items.includes(provider));

function partsIn(path: string, text: string): string[] {
  const whole = new Set([...Object.values(KINDS), ...(OF_CORE.test(path) ? [CORE] : [])].map(key));
  const lists = listsIn(text, SPELLINGS).filter(({ found, rest }) => !whole.has(key(found)) && !isOpen(rest));
  const levels = listsIn(text, LEVELS).filter(({ found }) => key(found) !== key(SANDBOXES));
  return [...lists, ...levels].map(({ found }) => `${path}: ${found.join(', ')}`);
}

test('no text lists a part of the agent CLIs, the clients or the sandbox levels as if it were all', async () => {
  const texts = FILES.map(async (path) => partsIn(path, await readFile(join(ROOT, path), 'utf8')));
  expect((await Promise.all(texts)).flat()).toEqual([]);
  expect(
    partsIn('x.md', 'guard, auto or off; Claude Code, Codex or Gemini; claude, codex or others'),
  ).toEqual(['x.md: claude, codex, gemini', 'x.md: guard, auto, off']);
});

test('the help of an option that explains one of its values explains all', () => {
  const explains = (text: string) => (choice: string) => `; ${text}`.includes(`; ${choice}: `);
  const explained = CLI_CHOICES.filter(({ choices, description }) => choices.some(explains(description)));
  expect(explained.length).toBeGreaterThan(0);
  for (const { choices, description } of explained)
    expect(choices.filter((choice) => !explains(description)(choice))).toEqual([]);
});

test('the page about settings explains every level of the sandbox', async () => {
  const page = await readFile(join(ROOT, 'docs/settings.md'), 'utf8');
  const explained = [...page.matchAll(/^- \*\*`SANDBOX=(\w+)`\*\*/gm)].map(([, level = '']) => level);
  expect(explained.sort()).toEqual([...SANDBOXES].sort());
});

test('the client names of the help are those of the clients, in their order', () => {
  expect(names(CLIENTS)).toEqual(CLIENT_NAMES);
});

test('the bundle for Claude Desktop asks for the program of every agent CLI that has one', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'packages/desktop/manifest.json'), 'utf8'));
  const programs = Object.keys(manifest.user_config).flatMap((each) => /^(.+)_path$/.exec(each)?.[1] ?? []);
  expect(programs).toEqual(KINDS['providers with a program']);
});
