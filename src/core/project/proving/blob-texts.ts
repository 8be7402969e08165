import { type GitOptions, runGit } from '../git/git.ts';
import { listing } from '../git/path-bytes.ts';

const MAX_BYTES = 1024 * 1024;
/** Of the blobs that are read in one call: judging more of them at once would delay all else. */
const MAX_PART_BYTES = 4 * 1024 * 1024;

/**
 * Reads the blobs of many items, a part of the items at a time, so that memory does not grow with their number.
 * Yields the texts with one latin1 character for every byte; those that are too large, or missing, are omitted.
 */
export async function* textsByPart<T>(
  items: readonly T[],
  blobsOf: (item: T) => readonly string[],
  git: GitOptions,
): AsyncGenerator<{ part: T[]; texts: ReadonlyMap<string, string> }> {
  const sizes = await sizesOf(new Set(items.flatMap(blobsOf)), git);
  const isRead = (blob: string) => (sizes.get(blob) ?? Number.POSITIVE_INFINITY) <= MAX_BYTES;
  let [part, blobs, bytes]: [T[], Set<string>, number] = [[], new Set(), 0];
  for (const item of items) {
    const own = blobsOf(item).filter(isRead);
    const more = own.reduce((sum, blob) => sum + (sizes.get(blob) ?? 0), 0);
    if (bytes + more > MAX_PART_BYTES) {
      yield { part, texts: await textsOf(blobs, git) };
      [part, blobs, bytes] = [[], new Set(), 0];
    }
    part.push(item);
    for (const blob of own) blobs.add(blob);
    bytes += more;
  }
  if (part.length > 0) yield { part, texts: await textsOf(blobs, git) };
}

async function sizesOf(blobs: ReadonlySet<string>, git: GitOptions): Promise<Map<string, number>> {
  if (blobs.size === 0) return new Map();
  const input = linesOf(blobs);
  const { stdout } = await runGit(['cat-file', '--batch-check'], listing({ ...git, input }));
  const lines = stdout.matchAll(/^(\w+) \w+ (\d+)$/gm);
  return new Map(Array.from(lines, ([, blob = '', size]) => [blob, Number(size)]));
}

async function textsOf(blobs: ReadonlySet<string>, git: GitOptions): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  if (blobs.size === 0) return texts;
  const { stdout } = await runGit(['cat-file', '--batch'], listing({ ...git, input: linesOf(blobs) }));
  let from = 0;
  for (const blob of blobs) {
    const begin = stdout.indexOf('\n', from) + 1;
    const end = begin + Number(stdout.slice(from, begin).split(' ')[2]);
    if (begin === 0 || !(end < stdout.length)) break;
    texts.set(blob, stdout.slice(begin, end));
    from = end + 1;
  }
  return texts;
}

function linesOf(blobs: ReadonlySet<string>): string {
  return `${[...blobs].join('\n')}\n`;
}
