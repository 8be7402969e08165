import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ifExists } from '../../kernel/errors.ts';
import { type GitOptions, gitLine, literalPathspec, runGit } from '../git/git.ts';
import { fetchObjects } from '../git/own-repository.ts';
import { listing, namesIn } from '../git/path-bytes.ts';

/** The part of its commits that MAIN_REPO has: a clone gets the same, as the session's worktree does. */
export interface Extent {
  /** Present if its checkout is sparse. */
  sparse?: { patterns: string; isCone: boolean } | undefined;
  /** The remote that has the objects which a partial clone lacks. */
  promisor?: string;
}

const ASK = '^(core\\.sparsecheckout(cone)?|remote\\..*\\.promisor|extensions\\.partialclone)$';

export async function extentOf(main: GitOptions): Promise<Extent> {
  const { stdout } = await runGit(['config', '-z', '--get-regexp', ASK], { ...main, allowFailure: true });
  const values = new Map(namesIn(stdout).map((entry) => entry.split('\n') as [string, string]));
  const isOn = (key: string) => /^(?:true|yes|on|1)$/i.test(values.get(key) ?? '');
  const remotes = [...values.keys()].filter((key) => key.endsWith('.promisor') && isOn(key));
  const promisor =
    values.get('extensions.partialclone') ?? remotes[0]?.slice('remote.'.length, -'.promisor'.length);
  if (!isOn('core.sparsecheckout')) return { promisor };
  const ask = ['rev-parse', '--path-format=absolute', '--git-path', 'info/sparse-checkout'];
  const patterns = await ifExists(readFile(await gitLine(ask, main), 'utf8'));
  const sparse = patterns === undefined ? undefined : { patterns, isCone: isOn('core.sparsecheckoutcone') };
  return { promisor, sparse };
}

/** Makes a new clone as sparse as MAIN_REPO. */
export async function limitTo({ sparse }: Extent, dir: string): Promise<void> {
  if (sparse === undefined) return;
  await mkdir(join(dir, '.git/info'), { recursive: true });
  await writeFile(join(dir, '.git/info/sparse-checkout'), sparse.patterns);
  const settings = `[core]\n\tsparseCheckout = true\n\tsparseCheckoutCone = ${sparse.isCone}\n`;
  await appendFile(join(dir, '.git/config'), settings);
}

/** Reads a commit into the clone's index; files beyond the sparse patterns are marked. */
export async function readCommit(clone: GitOptions, commit: string, { sparse }: Extent): Promise<void> {
  await runGit(['read-tree', commit], clone);
  if (sparse !== undefined) await runGit(['sparse-checkout', 'reapply'], clone);
}

/** Leaves out the files beyond the sparse patterns. */
export async function withinExtent(
  names: readonly string[],
  clone: GitOptions,
  { sparse }: Extent,
): Promise<readonly string[]> {
  if (sparse === undefined || names.length === 0) return names;
  const { stdout } = await runGit(['ls-files', '-t', '-z', '--', ...names.map(literalPathspec)], clone);
  const skipped = new Set(namesIn(stdout).filter((entry) => entry.startsWith('S ')));
  return names.filter((name) => !skipped.has(`S ${name}`));
}

/** MAIN_REPO, whose objects a clone gets. */
export interface Lender {
  main: GitOptions;
  commonDir: string;
  extent: Extent;
  /** Agents can replace its objects: they are fetched, not borrowed. */
  areObjectsWritable?: boolean;
}

/**
 * Fetches the content of files in the clone's index: into MAIN_REPO the objects that it lacks, from its remote in
 * one call, and into a clone that does not borrow those that the clone lacks. Does nothing if MAIN_REPO has
 * everything.
 */
export async function completeFiles(clone: GitOptions, lender: Lender): Promise<void> {
  const { main, commonDir, extent, areObjectsWritable } = lender;
  if (extent.promisor === undefined) return;
  const { stdout } = await runGit(['ls-files', '-s', '-t', '-z'], listing(clone));
  const wanted = namesIn(stdout).flatMap((entry) => NEEDED.exec(entry)?.[1] ?? []);
  // Asked in the clone, which has no remote: in MAIN_REPO git would fetch each missing object with a separate process.
  const env = { ...clone.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(join(commonDir, 'objects')) };
  await fetchObjects(await missing(wanted, { ...clone, env }), extent.promisor, main);
  if (!areObjectsWritable) return;
  const local = { ...clone, env: { ...clone.env, GIT_ALLOW_PROTOCOL: 'file' } };
  await fetchObjects(await missing(wanted, clone), pathToFileURL(commonDir).href, local);
}

/** A file or link without the mark of a sparse checkout. */
const NEEDED = /^[^S] 1[02]\d{4} ([0-9a-f]+) 0\t/;

async function missing(hashes: readonly string[], options: GitOptions): Promise<string[]> {
  const input = [...new Set(hashes)].map((hash) => `${hash}\n`).join('');
  const { stdout } = await runGit(['cat-file', '--batch-check'], listing({ ...options, input }));
  return stdout.split('\n').flatMap((line) => /^(\S+) missing$/.exec(line)?.[1] ?? []);
}
