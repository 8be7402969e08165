import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IDENTITY, makeRepo, type RepoPlan, type TempRepo } from './temp-repo.ts';

const LOCAL = ['-c', 'protocol.file.allow=always'];

/** A repository whose checkout has the submodule `libs/outer`, and in that the submodule `inner`. */
export async function repoWithLibraries(plan: RepoPlan = {}): Promise<TempRepo> {
  const repo = await makeRepo(plan);
  await addLibraries(repo);
  return repo;
}

export async function addLibraries(repo: TempRepo): Promise<void> {
  const outer = await makeLibrary(repo, 'outer', await makeLibrary(repo, 'inner'));
  await repo.git([...LOCAL, 'submodule', '--quiet', 'add', outer, 'libs/outer']);
  await repo.git([...LOCAL, 'submodule', '--quiet', 'update', '--init', '--recursive']);
  await repo.commit('With libraries');
}

/** A repository beside the first one. @returns its path */
export async function makeLibrary(repo: TempRepo, name: string, inner?: string): Promise<string> {
  const path = join(repo.root, name);
  await mkdir(path);
  await repo.git(['init', '-q', '-b', 'main'], path);
  await writeFile(join(path, 'lib.txt'), `${name}\n`);
  if (inner) await repo.git([...LOCAL, 'submodule', '--quiet', 'add', inner, 'inner'], path);
  await repo.git(['add', '-A'], path);
  await repo.git([...IDENTITY, 'commit', '-q', '-m', name], path);
  return path;
}

/** Adds a submodule that is checked out at `at`. */
export async function addLibrary(repo: TempRepo, library: string, at: string): Promise<void> {
  await repo.git([...LOCAL, 'submodule', '--quiet', 'add', library, at]);
}
