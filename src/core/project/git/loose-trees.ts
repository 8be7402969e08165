import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { orNothing } from '../../kernel/errors.ts';
import { newFingerprint } from '../../kernel/files/fingerprint.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';

export interface FileOfTree {
  mode: string;
  id: string;
  /** As git's output is read by `listing`. */
  path: string;
}

/**
 * The files of a tree, as `git ls-tree -r` lists them; undefined if git has to be asked, since it or a tree in it has
 * no file of its own, or a damaged one.
 */
export async function looseFiles(
  objects: string,
  tree: string,
  above = '',
): Promise<FileOfTree[] | undefined> {
  const bytes = await looseTree(objects, tree);
  if (bytes === undefined) return undefined;
  const files: FileOfTree[] = [];
  for (let at = bytes.indexOf(0) + 1; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    const end = bytes.indexOf(0, space);
    const next = end + 1 + tree.length / 2;
    const mode = bytes.toString('latin1', at, space);
    const id = bytes.toString('hex', end + 1, next);
    const path = `${above}${bytes.toString('latin1', space + 1, end)}`;
    const below = mode === '40000' ? await looseFiles(objects, id, `${path}/`) : [{ mode, id, path }];
    if (below === undefined) return undefined;
    files.push(...below);
    at = next;
  }
  return files;
}

/** The bytes of a tree, with its head. What does not match its hash is no tree of this name. */
async function looseTree(objects: string, id: string): Promise<Buffer | undefined> {
  const file = join(objects, id.slice(0, 2), id.slice(2));
  const reading = await readPlainFile(file, MAX_BYTES).catch(() => undefined);
  if (reading?.kind !== 'bytes') return undefined;
  const bytes = orNothing(() => inflateSync(reading.bytes, { maxOutputLength: MAX_BYTES }));
  if (bytes?.toString('latin1', 0, 5) !== 'tree ') return undefined;
  const hash = newFingerprint(id.length === 64 ? 'sha256' : 'sha1').update(bytes);
  return hash.digest('hex') === id ? bytes : undefined;
}

const MAX_BYTES = 4 * 1024 * 1024;
