import { SamocodeError } from '../base/errors.ts';
import { pathFromFile } from '../project/samocode-file.ts';
import type { ActionContext } from './context.ts';

/** Longer than any path that a system takes. */
const MOST_CHARACTERS = 4096;

/** The absolute path of a folder that a call names. @throws NoSuchFolderError for what can be no path */
export function namedFolder(words: string, { cwd, home }: Pick<ActionContext, 'cwd' | 'home'>): string {
  const path = words.trim();
  if (path.includes('\0') || path.length > MOST_CHARACTERS)
    throw new NoSuchFolderError(path, 'That is no path');
  return pathFromFile(path, { folder: cwd, homeDir: home });
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
