import { basename, dirname, resolve } from 'node:path';
import { PROJECT_ERRORS } from '../../project/git/project-errors.ts';
import type { Cli } from './cli.ts';

/** Finds the `.samocode` of a folder or one of its parents, if there is one. */
export async function projectFileAt(cli: Cli, folder: string | undefined): Promise<string | undefined> {
  const { findProject } = await import('../../project/finding/find-project.ts');
  try {
    return await findProject({ from: resolveFolder(cli, folder), homeDir: cli.home });
  } catch (error) {
    if (PROJECT_ERRORS.project_not_found.is(error)) return undefined;
    throw error;
  }
}

/** Resolves the folder that was typed; for a `.samocode` file, its folder. */
export function resolveFolder({ cwd, home }: Pick<Cli, 'cwd' | 'home'>, typed: string | undefined): string {
  if (!typed) return cwd;
  const path = resolve(cwd, typed.replace(/^~(?=\/|$)/, home));
  return basename(path) === '.samocode' ? dirname(path) : path;
}
