import { isAbsolute } from 'node:path';
import { SamocodeError } from '../base/errors.ts';
import { pathFromFile } from '../project/samocode-file.ts';
import type { ActionContext } from './context.ts';

/** Longer than any path that a system takes. */
const MOST_CHARACTERS = 4096;

type Standing = Pick<ActionContext, 'cwd' | 'home' | 'roots' | 'env'>;

/**
 * The absolute path of a folder that a call names. A relative one counts from the terminal's folder; in a client, from
 * the one folder that it works in, for the server may run anywhere.
 * @throws NoSuchFolderError for what can be no path; RelativeFolderError
 */
export function namedFolder(words: string, standing: Standing): string {
  const path = words.trim();
  if (path.includes('\0') || path.length > MOST_CHARACTERS)
    throw new NoSuchFolderError(path, 'That is no path');
  const isComplete = isAbsolute(path) || path === '~' || path.startsWith('~/');
  const folder = isComplete ? standing.cwd : folderOf(path, standing);
  return pathFromFile(path, { folder, homeDir: standing.home });
}

function folderOf(path: string, { cwd, roots, env }: Standing): string {
  if (roots === undefined) return cwd;
  const folders = new Set([...roots, ...(env.CLAUDE_PROJECT_DIR ? [env.CLAUDE_PROJECT_DIR] : [])]);
  const [only] = folders;
  if (only === undefined || folders.size > 1) throw new RelativeFolderError(path);
  return only;
}

class RelativeFolderError extends SamocodeError {
  readonly code = 'relative_folder';

  constructor(path: string) {
    super(
      `"${path.slice(0, 200)}" does not say which folder is meant.`,
      'A relative path counts from the folder of the client, and this client names none, or several.',
      'Pass an absolute path.',
    );
  }
}

export class NoSuchFolderError extends SamocodeError {
  readonly code = 'no_such_folder';

  constructor(path: string, why: string) {
    super(
      `There is no folder "${path.slice(0, 200).replaceAll('\0', '?')}".`,
      `${why}.`,
      'Pass the absolute path of a folder in the project.',
    );
  }
}
