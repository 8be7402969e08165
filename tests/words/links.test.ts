import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { pagePaths } from '../support/pages.ts';
import { ROOT } from './texts.ts';

const PAGES = await pagePaths(ROOT);
const TEXTS = new Map(
  await Promise.all(PAGES.map(async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const)),
);

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.*)$/gm)];
  return headings.map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

/** Links in the prose, since code contains no links. */
function linksOf(text: string): string[] {
  const prose = text
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^ {4,}.*$/gm, '')
    .replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

test('there are pages, and they contain links', () => {
  expect(PAGES.length).toBeGreaterThan(30);
  expect([...TEXTS.values()].flatMap(linksOf).length).toBeGreaterThan(60);
});

test.each(PAGES)('every file and heading that %s links to exists', async (path) => {
  const dead: string[] = [];
  for (const link of linksOf(TEXTS.get(path) ?? '')) {
    if (/^(?:https?|mailto):/.test(link)) continue;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    const isThere = await access(join(ROOT, target)).then(
      () => true,
      () => false,
    );
    const text =
      anchor === undefined ? undefined : await readFile(join(ROOT, target), 'utf8').catch(() => '');
    if (!isThere || (text !== undefined && !anchorsOf(text).includes(anchor ?? ''))) dead.push(link);
  }
  expect(dead).toEqual([]);
});
