import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { filesBelow } from '../../scripts/packages/source.ts';

/** The pages for people, by path: those of the root, docs/, examples/, the rooms and the kit of difficult children. */
export async function pagePaths(root: string): Promise<string[]> {
  const below = await Promise.all(
    ['docs', 'examples', 'src', 'tests/core/difficult-children', '.github'].map((folder) =>
      filesBelow(root, folder),
    ),
  );
  const top = await readdir(root);
  // Built files, which exist only after a build.
  const written = top.filter((path) => path !== 'THIRD-PARTY-NOTICES.md');
  return [...written, ...below.flat()]
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(path))
    .sort();
}

/** A block of commands, output or data on a page. */
export interface Block {
  /** The language of a fence; empty if the block is only indented. */
  language: string;
  text: string;
  /** The text of the HTML comment directly above it. */
  mark: string;
}

/** Fenced and indented blocks of a page, in order. An indented line within a list is not a block. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const pattern =
    /(?:^ {0,3}<!-- (.*) -->\n)?^( {0,3})```(\w*)\n([\s\S]*?)^ {0,3}```$|(?:^<!-- (.*) -->\n)?(?<=^(?:(?![-*\d]).*)?\n)((?:^ {4}.*\n|^\n(?= {4}))+)/gm;
  for (const [, mark, indent, language, fenced, markOfIndented, indented] of page.matchAll(pattern)) {
    const text =
      fenced?.replaceAll(new RegExp(`^${indent}`, 'gm'), '') ??
      (indented ?? '').replace(/^ {4}/gm, '').trim();
    if (text !== '') blocks.push({ language: language ?? '', text, mark: mark ?? markOfIndented ?? '' });
  }
  return blocks;
}
