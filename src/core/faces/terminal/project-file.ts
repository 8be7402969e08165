import { basename, dirname, resolve } from 'node:path';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import type { Cli } from './cli.ts';

/** The `.samocode` of the folder that was typed or else of the working folder, if there is one. */
export async function projectFileAt(cli: Cli, typed: string | undefined): Promise<string | undefined> {
  const { whichProjects } = await import('../../caller/context/which-projects.ts');
  const { own } = await whichProjects(typed, await cli.actionContext());
  if (own.length > 1) throw ACTION_ERRORS.project_unclear({ files: own });
  return own[0];
}

/** Resolves the folder that was typed; for a `.samocode` file, its folder. */
export function resolveFolder({ cwd, home }: Pick<Cli, 'cwd' | 'home'>, typed: string | undefined): string {
  if (!typed) return cwd;
  const path = resolve(cwd, typed.replace(/^~(?=\/|$)/, home));
  return basename(path) === '.samocode' ? dirname(path) : path;
}
