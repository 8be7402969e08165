import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { runGit } from '../git/git.ts';
import { listing } from '../git/listing.ts';
import { bytesOf, namesIn, pathAt, readable } from '../git/path-bytes.ts';
import type { GitContext } from '../git/repository.ts';
import type { StatusEntry } from '../git/status-entries.ts';

/**
 * Changed files that `git status` passes over, since somebody told git to: by assume-unchanged or skip-worktree. A
 * file that is not there, as in a sparse checkout, is none. @throws GitError
 */
export async function hiddenChanges(worktreePath: string, context: GitContext): Promise<StatusEntry[]> {
  const options = { ...context, cwd: worktreePath };
  const { stdout } = await runGit(['ls-files', '-s', '-v', '-z'], listing(options));
  const entries: string[] = [];
  for (const line of namesIn(stdout)) {
    const [, entry = '', name = ''] = HIDDEN.exec(line) ?? [];
    if (name !== '' && (await ifExists(lstat(pathAt(worktreePath, name))))) entries.push(entry);
  }
  if (entries.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'samocode-index-'));
  try {
    // An index that knows these alone, and knows nothing against looking at them.
    const aside = { ...options, env: { GIT_INDEX_FILE: join(folder, 'index') } };
    await runGit(['update-index', '-z', '--index-info'], { ...aside, input: bytesOf(entries.join('\0')) });
    const changed = (await runGit(['ls-files', '--modified', '-z'], listing(aside))).stdout;
    return namesIn(changed).map((name) => ({ kind: 'hidden', path: readable(name) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A tag of `ls-files -v` in small letters or an S, then a line for `--index-info`; submodules are none of ours. */
const HIDDEN = /^[a-zS] ((?!160000)\d{6} [0-9a-f]+ 0\t([\s\S]+))$/;
