import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EVENT_BODIES } from '../../src/core/session/events/bodies/event-types.ts';
import { Status } from '../../src/core/session/events/state.ts';
import { inBackticks, ROOT } from './texts.ts';

const OF_DEVELOPERS = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'AGENTS.md', 'README.md', 'SECURITY.md'];
const PAGES = await Promise.all(
  [...OF_DEVELOPERS, ...(await pagesIn('docs')), ...(await pagesIn('docs/decisions'))].map(
    async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const,
  ),
);
const ROOMS = (await readdir(join(ROOT, 'src'), { withFileTypes: true })).filter((one) => one.isDirectory());

async function pagesIn(folder: string): Promise<string[]> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${folder}/${name}`);
}

test.each(PAGES)('every file of the repository that %s names exists', async (_path, text) => {
  const inRooms = new RegExp(`^(?:${ROOMS.map(({ name }) => name).join('|')})/[\\w./-]+\\.ts$`);
  const atTop = /^(?:bench|docs|packages|scripts|src|tests)\/[\w./-]+\.\w+$/;
  const named = inBackticks(text).flatMap((word) =>
    inRooms.test(word) ? [`src/${word}`] : atTop.test(word) ? [word] : [],
  );
  const missing = [];
  for (const path of named) if (!(await isThere(path))) missing.push(path);
  expect(missing).toEqual([]);
});

test('the architecture names modules by their room, and every room', () => {
  const [, text = ''] = PAGES[0] ?? [];
  const bare = inBackticks(text).filter((word) => /^[\w-]+\.ts$/.test(word) && word !== 'main.ts');
  expect(bare).toEqual([]);
  const listed = /^## Rooms$[\s\S]*?^## /m.exec(text)?.[0] ?? '';
  const rooms = ROOMS.map(({ name }) => name);
  expect(rooms.filter((name) => !listed.includes(`\n    ${name}/ `))).toEqual([]);
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
