import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TOOLS } from '../../src/app/server/tools.ts';
import { commandOnPath } from '../../src/core/faces/package/package-source.ts';
import { settingRows } from '../../src/core/project/settings/settings.ts';
import { SERVER_ROWS } from '../../src/extensions/setup/install/server-clients.ts';
import { CLI_OPTIONS, inBackticks, ROOT } from './texts.ts';

const README = await readFile(join(ROOT, 'README.md'), 'utf8');
const CLIENTS_PAGE = await readFile(join(ROOT, 'docs/clients.md'), 'utf8');
/** Settings common to all terminal programs. */
const OF_TERMINALS = ['TERM', 'NO_COLOR', 'FORCE_COLOR'];
/** Of the form of the original samocode, which is not a command. */
const ORIGINAL_OPTIONS = ['--config', '--session'];

test('every option that it names exists', () => {
  const named = README.match(/(?<=samocode [^\n`]*|[`[])--[a-z][a-z-]*/g) ?? [];
  expect(named.length).toBeGreaterThan(3);
  const known = [...CLI_OPTIONS, ...ORIGINAL_OPTIONS];
  expect(named.filter((option) => !known.includes(option))).toEqual([]);
});

test('every setting and tool that it names exists', () => {
  const settings = settingRows().map(({ key }) => key);
  const known = new Set<string>([...settings, ...TOOLS.map(({ name }) => name), 'CHECK', ...OF_TERMINALS]);
  const words = inBackticks(README).map((word) => word.replace(/=.*$/, ''));
  const named = words.filter((word) => /^[A-Z]+(?:_[A-Z]+)*$|^[a-z]+(?:_[a-z]+)+$/.test(word));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((word) => !known.has(word))).toEqual([]);
});

test('it fits on a few screens, and in an editor', () => {
  const lines = README.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(110);
  expect(lines.filter((line) => line.length > 160)).toEqual([]);
});

test('it shows two commands first, and what a person gets before how it works', () => {
  const [start = ''] = README.split('\n\n').slice(1);
  expect(start.split('\n')).toEqual(
    ['    npm ci && npm run demo', '    npm ci && npm test'].map((line) => expect.stringContaining(line)),
  );
  expect(README.indexOf('| you get |')).toBeGreaterThan(0);
  expect(README.indexOf('| you get |')).toBeLessThan(README.indexOf('## How it works'));
});

test('the buttons of the page about chat programs install the server by its command, as samocode install does', () => {
  const linked = (start: string) => CLIENTS_PAGE.split(start)[1]?.split(')')[0] ?? '';
  const forVsCode = decodeURIComponent(
    linked('](https://insiders.vscode.dev/redirect?url=vscode%3Amcp%2Finstall%3F'),
  );
  const forCursor = decodeURIComponent(linked('](https://cursor.com/install-mcp?name=samocode&config='));
  const entryIn = (client: string) =>
    SERVER_ROWS.find(({ name }) => name === client)?.format.entry(commandOnPath());
  expect(JSON.parse(decodeURIComponent(forVsCode))).toEqual({ name: 'samocode', ...entryIn('vscode') });
  expect(JSON.parse(Buffer.from(forCursor, 'base64').toString())).toEqual(entryIn('cursor'));
});

test('every file that it links to exists', async () => {
  const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
  expect(links.length).toBeGreaterThan(4);
  for (const link of links) await access(join(ROOT, link));
});
