import { basename, dirname, isAbsolute, join, normalize, relative } from 'node:path';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { READING_ERRORS } from './reading-errors.ts';

/** A path as git has it, from the top of the tree, where a call writes `./src/`, or an absolute one below one of `tops`. */
export async function pathInTree(given: string, tops: readonly string[]): Promise<string> {
  if (given.includes('\0') || given.length > MOST_OF_A_PATH)
    throw READING_ERRORS.bad_path({ isOutside: false });
  if (!isAbsolute(given)) return requireInside([normalize(given)]);
  const ways = tops.map((top) => relative(top, given));
  // The last part may be a link that git itself keeps.
  const real = join(await realPathAsFar(dirname(given)), basename(given));
  return requireInside([...ways, ...tops.map((top) => relative(top, real))]);
}

/** The first of the ways that leads into the tree. @throws bad_path */
function requireInside(ways: readonly string[]): string {
  const path = ways.find((way) => way !== '..' && !way.startsWith('../'));
  if (path === undefined) throw READING_ERRORS.bad_path({ isOutside: true });
  return path === './' || path === '.' ? '' : path;
}

/** Longer than any path that a system takes. */
const MOST_OF_A_PATH = 4096;
