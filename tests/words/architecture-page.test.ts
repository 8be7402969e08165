import { access, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { EVENT_BODIES } from '../../src/core/session/events/bodies/event-types.ts';
import { Status } from '../../src/core/session/events/state.ts';
import { inBackticks, ROOT, TEXTS } from './texts.ts';

const OF_DEVELOPERS = [
  ...['ARCHITECTURE.md', 'CONTRIBUTING.md', 'AGENTS.md', 'REVIEW.md', 'README.md', 'SECURITY.md'],
];
const ROOMS = [...(await foldersIn('src/core')), ...(await foldersIn('src/extensions'))];
const READMES = ['src/app', 'src/core', ...ROOMS].map((folder) => `${folder}/README.md`);
const PAGES = await Promise.all(
  [
    ...OF_DEVELOPERS,
    ...(await pagesIn('docs')),
    ...(await pagesIn('docs/decisions')),
    ...(await pagesIn('docs/guides')),
    ...READMES,
  ].map(async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const),
);
const LONGEST_LINE = 160;
/** The line of the glossary with the words to avoid. */
const AVOIDED = /^\* Avoid \*.*$/m;

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true });
  return entries.filter((one) => one.isDirectory()).map(({ name }) => `${folder}/${name}`);
}

async function pagesIn(folder: string): Promise<string[]> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${folder}/${name}`);
}

test.each(PAGES)('every file and folder of the repository that %s names exists', async (_path, text) => {
  const named = inBackticks(text).flatMap((word) =>
    /^(?:app|core|extensions)\/[\w./-]+$/.test(word)
      ? [`src/${word}`]
      : /^(?:bench|docs|packages|scripts|src|tests)\/[\w./-]+$/.test(word)
        ? [word]
        : [],
  );
  const missing = [];
  for (const path of named) if (!(await isThere(path))) missing.push(path);
  expect(missing).toEqual([]);
});

test('the architecture names modules by their room, and every room in the picture of the house', () => {
  const [, text = ''] = PAGES[0] ?? [];
  const bare = inBackticks(text).filter((word) => /^[\w-]+\.ts$/.test(word) && word !== 'main.ts');
  expect(bare).toEqual([]);
  const [, picture = ''] = /^## The house$([\s\S]*?)^## /m.exec(text) ?? [];
  const names = ['app', 'core', 'extensions', ...ROOMS.map((room) => basename(room))];
  expect(names.filter((name) => !new RegExp(` ${name}/ `).test(picture))).toEqual([]);
});

test('the architecture is a page that a newcomer can read: at most 150 lines', () => {
  const [, text = ''] = PAGES[0] ?? [];
  const lines = text.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(150);
  expect(lines.filter((line) => line.length > LONGEST_LINE)).toEqual([]);
});

test.each(PAGES.filter(([path]) => READMES.includes(path)))(
  '%s says what it is, what it must not know and where to begin, in a few lines',
  (_path, text) => {
    const lines = text.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(lines.filter((line) => line.length > LONGEST_LINE)).toEqual([]);
    expect(text).toMatch(/^# .+\n\n\S[\s\S]+^\*\*Must not know:\*\* .[\s\S]+^\*\*Begin with\*\* `/m);
  },
);

test('the page of the rooms lists each of their folders', async () => {
  const page = await readFile(join(ROOT, 'docs/decisions/rooms.md'), 'utf8');
  const folders = (await Promise.all([...ROOMS, 'src/app'].map(foldersIn))).flat();
  expect(folders.filter((folder) => !new RegExp(` ${basename(folder)}/ `).test(page))).toEqual([]);
});

test('every event that the architecture names exists', () => {
  const [, text = ''] = PAGES[0] ?? [];
  const named = inBackticks(text).filter((word) => /^[a-z]+(?:_[a-z]+)+$/.test(word));
  expect(named.length).toBeGreaterThan(10);
  const tools = ['start_session', 'answer_qa'];
  expect(named.filter((word) => !(word in EVENT_BODIES) && !tools.includes(word))).toEqual([]);
});

test('the picture of the states names each of them, and no other', async () => {
  const page = await readFile(join(ROOT, 'docs/supervisor.md'), 'utf8');
  const picture = /^```mermaid\n(stateDiagram[\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
  const named = [...picture.matchAll(/^ +(\S+) --> ([^\s:]+)/gm)].flatMap(([, from, to]) => [from, to]);
  const kinds = Status.options.map(({ shape }) => shape.kind.value);
  expect(new Set(named)).toEqual(new Set([...kinds, '[*]']));
});

async function isThere(path: string): Promise<boolean> {
  return await access(join(ROOT, path)).then(
    () => true,
    () => false,
  );
}

test('no page uses a word that the glossary says to avoid', async () => {
  const glossary = await readFile(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const words = [...(AVOIDED.exec(glossary)?.[0] ?? '').matchAll(/\*([a-z ]+)\*/g)].map(
    ([, word = '']) => word,
  );
  expect(words.length).toBeGreaterThan(5);
  const used = new RegExp(`\\b(?:${words.join('|')})s?\\b`, 'gi');
  // That page speaks of a workshop.
  const read = [...PAGES, ...TEXTS].filter(([path]) => path !== 'docs/eli10.md');
  const found = read.flatMap(([path, text]) =>
    (text.replace(AVOIDED, '').match(used) ?? []).map((word) => `${path}: ${word}`),
  );
  expect(found).toEqual([]);
});
