import { isAbsolute } from 'node:path';
import { pathFromFile } from '../../project/settings/samocode-file.ts';
import { ACTION_ERRORS } from '../acting/action-errors.ts';
import type { ActionContext } from '../acting/context.ts';

/** Longer than any path that a system takes. */
const MOST_CHARACTERS = 4096;

type Standing = Pick<ActionContext, 'cwd' | 'home' | 'roots' | 'env'>;

/**
 * The absolute path of a folder that a call names. A relative one counts from the terminal's folder; in a client, from
 * the one folder that it works in, for the server may run anywhere.
 * @throws no_such_folder for what is not a valid path; relative_folder
 */
export function namedFolder(words: string, standing: Standing): string {
  const path = words.trim();
  if (path.includes('\0') || path.length > MOST_CHARACTERS)
    throw ACTION_ERRORS.no_such_folder({ path, why: 'Not a valid path' });
  const isComplete = isAbsolute(path) || path === '~' || path.startsWith('~/');
  const folder = isComplete ? standing.cwd : folderOf(path, standing);
  return pathFromFile(path, { folder, homeDir: standing.home });
}

function folderOf(path: string, { cwd, roots, env }: Standing): string {
  if (roots === undefined) return cwd;
  const folders = new Set([...roots, ...(env.CLAUDE_PROJECT_DIR ? [env.CLAUDE_PROJECT_DIR] : [])]);
  const [only] = folders;
  if (only === undefined || folders.size > 1) throw ACTION_ERRORS.relative_folder({ path });
  return only;
}
