import { basename, dirname, resolve } from 'node:path';
import { PROJECT_ERRORS } from '../../project/git/project-errors.ts';
import type { Cli } from './cli.ts';

/** Finds the `.samocode` of a folder or of one above it, if there is one. */
export async function projectFileAt(cli: Cli, folder: string | undefined): Promise<string | undefined> {
  const { findProject } = await import('../../project/finding/find-project.ts');
  try {
    return await findProject({ from: folderMeant(cli, folder), homeDir: cli.home });
  } catch (error) {
    if (PROJECT_ERRORS.project_not_found.is(error)) return undefined;
    throw error;
  }
}

/** Resolves the folder that was typed; a `.samocode` file stands for its folder. */
export function folderMeant({ cwd, home }: Pick<Cli, 'cwd' | 'home'>, typed: string | undefined): string {
  if (!typed) return cwd;
  const path = resolve(cwd, typed.replace(/^~(?=\/|$)/, home));
  return basename(path) === '.samocode' ? dirname(path) : path;
}
