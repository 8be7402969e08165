import { basename, dirname, resolve } from 'node:path';
import { PROJECT_ERRORS } from '../../project/git/project-errors.ts';
import type { Cli } from './cli.ts';

/** The `.samocode` of a folder, or undefined where there is none: a terminal stands in one place and means it. */
export async function projectFileAt(cli: Cli, folder: string | undefined): Promise<string | undefined> {
  const { findProject } = await import('../../project/finding/find-project.ts');
  try {
    return await findProject({ from: folderMeant(cli, folder), homeDir: cli.home });
  } catch (error) {
    if (PROJECT_ERRORS.project_not_found.is(error)) return undefined;
    throw error;
  }
}

/** A folder as it was typed, or the one of a `.samocode` that was typed, as an absolute path. */
export function folderMeant({ cwd, home }: Pick<Cli, 'cwd' | 'home'>, typed: string | undefined): string {
  if (!typed) return cwd;
  const path = resolve(cwd, typed.replace(/^~(?=\/|$)/, home));
  return basename(path) === '.samocode' ? dirname(path) : path;
}
