import { expect, test } from 'vitest';
import { diffId, fileTree } from '../../../../../src/extensions/pages/web/diff/file-tree.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { skeletonOf } from '../report/page-skeleton.ts';
import { PAYLOADS } from '../report/payloads.ts';

const changed = (path: string, insertions: number | null = 1, deletions = insertions) => ({
  path,
  insertions,
  deletions,
});

/** Each line of the tree as a person reads it, indented by the folders above it. */
function linesOf(tree: string): string[] {
  let depth = 0;
  const lines: string[] = [];
  const [, items = ''] = /<ul dir="ltr">(.*)<\/ul>/s.exec(tree) ?? [];
  for (const [found, name, file] of items.matchAll(
    /<ul>|<\/ul>|<summary>(.*?)<\/summary>|<li>(<a .*?)<\/li>/g,
  )) {
    if (found === '<ul>') depth += 1;
    else if (found === '</ul>') depth -= 1;
    else lines.push(`${'  '.repeat(depth)}${(name ?? file ?? '').replace(/<[^>]*>/g, '')}`);
  }
  return lines;
}

test('files are grouped by folder, with the sum of their counts, and a folder with one folder is shown with it', () => {
  const files = [
    changed('README.md', 3, 1),
    changed('src/web/client/page.css', 20, 0),
    changed('src/web/client/page.js', 5, 2),
    changed('src/web/page.ts', 1, 1),
    changed('tests/deep/one.ts', 7, 0),
  ];
  expect(linesOf(fileTree(files, []).text)).toEqual([
    'README.md +3 −1',
    'src/web/ +26 −3',
    '  client/ +25 −2',
    '    page.css +20 −0',
    '    page.js +5 −2',
    '  page.ts +1 −1',
    'tests/deep/ +7 −0',
    '  one.ts +7 −0',
  ]);
});

test('a file says that it is binary, renamed or not in the plan', () => {
  const files = [
    changed('a/logo.png', null),
    { ...changed('a/new.ts', 1, 0), renamedFrom: 'old.ts' },
    changed('b.ts', 2, 0),
  ];
  expect(linesOf(fileTree(files, ['a/logo.png', 'b.ts']).text)).toEqual([
    'a/ +1 −0',
    '  logo.png binary not in the plan',
    '  new.ts renamed +1 −0',
    'b.ts +2 −0 not in the plan',
  ]);
});

test('a folder that takes the place of a file is beside it', () => {
  expect(linesOf(fileTree([changed('a'), changed('a/b')], []).text)).toEqual([
    'a +1 −1',
    'a/ +1 −1',
    '  b +1 −1',
  ]);
});

test('each file leads to its diff', () => {
  const tree = fileTree([changed('a/b.ts'), changed('c.ts')], []).text;
  const places = [...tree.matchAll(/href="#([^"]*)"/g)].map(([, place]) => place);
  expect(places).toEqual([diffId('a/b.ts'), diffId('c.ts')]);
});

test('no name creates another tag or attribute, or hides a character', () => {
  for (const payload of [...PAYLOADS, HIDING]) {
    const part = payload.replace(/[/\n]/g, '_');
    const of = (name: string) => fileTree([changed(`${name}/${name}`), changed(`${name}/x`)], []).text;
    expect([payload, skeletonOf(of(part))]).toEqual([payload, skeletonOf(of('a'))]);
    expect(of(part)).not.toMatch(ANY_HIDDEN);
  }
});
