import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TempRepo } from './temp-repo.ts';

// Each replaces a repository by another kind of checkout of it, at the same path.

const LOCAL = ['-c', 'protocol.file.allow=always'];

/** `.git` is a symbolic link. */
export async function linkGitFolder({ path, root }: TempRepo): Promise<void> {
  await rename(join(path, '.git'), join(root, 'apart.git'));
  await symlink(join(root, 'apart.git'), join(path, '.git'));
}

/** `.git` is a file that names the git folder. */
export async function separateGitFolder({ git, root }: TempRepo): Promise<void> {
  await git(['init', '--quiet', `--separate-git-dir=${join(root, 'apart.git')}`]);
}

/** A linked worktree of a bare repository beside it. */
export async function worktreeOfBare({ git, path, root }: TempRepo): Promise<void> {
  const upstream = join(root, 'upstream');
  const bare = join(root, 'boats.git');
  await rename(path, upstream);
  await git(['clone', '--quiet', '--bare', upstream, bare], root);
  await git(['worktree', 'add', '--quiet', path, 'main'], bare);
  await identify(git, path);
}

/** The checkout of a submodule in a repository at the root of the temporary folder. */
export async function submoduleOfAnother({ git, path, root }: TempRepo): Promise<void> {
  const library = join(root, 'upstream');
  await rename(path, library);
  await git(['init', '--quiet', root], root);
  await git([...LOCAL, 'submodule', '--quiet', 'add', library, 'repo'], root);
  await identify(git, path);
}

/** A clone without the content of files that it has not needed, of which only `src/` is checked out. */
export async function sparsePartialClone({ git, path, root }: TempRepo): Promise<void> {
  const upstream = join(root, 'upstream');
  await rename(path, upstream);
  for (const key of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'])
    await git(['config', key, 'true'], upstream);
  await git(['clone', '--quiet', '--filter=blob:none', '--sparse', `file://${upstream}`, path], root);
  await git(['sparse-checkout', 'set', 'src'], path);
  await identify(git, path);
}

async function identify(git: TempRepo['git'], path: string): Promise<void> {
  await git(['config', 'user.name', 'Test Person'], path);
  await git(['config', 'user.email', 'test@example.invalid'], path);
}
