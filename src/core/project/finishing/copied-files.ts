import { join } from 'node:path';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';

/** Uncommitted files of a checkout that a session's branch began with. */
export interface CopiedFiles {
  /** The commit with the copies. */
  commit: string;
  files: readonly string[];
}

/**
 * Those of the files that still have the content of their copies and differ from HEAD, so that the branch has all of
 * it, and the commands that put HEAD's in their place.
 * @param options of the checkout
 */
export async function undoCopied({ commit, files }: CopiedFiles, options: GitOptions) {
  const [copied, head] = await Promise.all([
    blobsAt(commit, files, options),
    blobsAt('HEAD', files, options),
  ]);
  const at = (file: string) => join(options.cwd, file);
  // git reads a name for each line; the content of a link is its target.
  const plain = files.filter((file) => !file.includes('\n') && statsAt(at(file))?.isFile());
  const input = plain.map((file) => `${file}\n`).join('');
  const hashes = (await gitLine(['hash-object', '--stdin-paths'], { ...options, input })).split('\n');
  const now = new Map(plain.map((file, index) => [file, hashes[index]]));
  const isCopy = (file: string) =>
    now.get(file) === copied.get(file) &&
    now.get(file) !== head.get(file) &&
    (now.has(file) || statsAt(at(file)) === undefined);
  const same = files.filter(isCopy);
  const known = same.filter((file) => head.has(file));
  const added = same.filter((file) => !head.has(file));
  const commands = [
    ...(known.length > 0
      ? [`git -C ${shellWord(options.cwd)} restore --staged --worktree -- ${known.map(shellWord).join(' ')}`]
      : []),
    ...(added.length > 0 ? [`rm -- ${added.map((file) => shellWord(at(file))).join(' ')}`] : []),
  ];
  return { files: same, commands };
}

async function blobsAt(commit: string, files: readonly string[], options: GitOptions) {
  const { stdout } = await runGit(['ls-tree', '-z', commit, '--', ...files], options);
  const entries = stdout.split('\0').flatMap((line) => {
    const [, oid, path] = /^\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    return oid === undefined || path === undefined ? [] : [[path, oid] as const];
  });
  return new Map(entries);
}
