import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CopiedWork } from '../../../core/acts/sessions/start/start-sources.ts';
import { ALL_FILES_LIMIT_MS, type GitOptions, gitLine, runGit } from '../../../core/project/git/git.ts';
import { namesIn } from '../../../core/project/git/path-bytes.ts';
import { changedFiles } from './uncommitted-files.ts';

const MESSAGE =
  'Files that the chat had changed\n\nCopied from the main checkout when the session was started.';

/** The checkout keeps its own, so git need not refuse those that it would store differently. */
const ANY_LINE_ENDINGS: GitOptions['config'] = [['core.safecrlf', 'false']];

/**
 * Commits the files as they are now, on top of HEAD and on no branch. Only objects are written: the files, the index
 * and HEAD stay as they are.
 * @param options of the main checkout
 * @param hasSecrets of a text
 */
export async function copyFiles(
  offered: readonly string[],
  options: GitOptions,
  hasSecrets: (text: string) => boolean,
): Promise<CopiedWork> {
  // While the person decided, a file may have been committed, ignored or made a link, or got a secret.
  const { fit: paths, unfit } = await changedFiles(offered, options, hasSecrets);
  const head = await gitLine(['rev-parse', '--verify', 'HEAD^{commit}'], options);
  const folder = await mkdtemp(join(tmpdir(), 'samocode-index-'));
  try {
    const aside = {
      ...options,
      env: { GIT_INDEX_FILE: join(folder, 'index') },
      config: ANY_LINE_ENDINGS,
      timeoutMs: ALL_FILES_LIMIT_MS,
    };
    await runGit(['read-tree', head], aside);
    const add = ['update-index', '--add', '--remove', '--replace', '-z', '--stdin'];
    await runGit(add, { ...aside, input: paths.map((path) => `${path}\0`).join('') });
    const compare = ['diff-index', '--cached', '--name-only', '--no-renames', '-z', head];
    const files = namesIn((await runGit(compare, aside)).stdout);
    if (files.length === 0) return { unfit };
    const tree = await gitLine(['write-tree'], aside);
    const commit = await gitLine(['commit-tree', tree, '-p', head, '-F', '-'], {
      ...options,
      input: MESSAGE,
    });
    return { brought: { commit, files }, unfit };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
