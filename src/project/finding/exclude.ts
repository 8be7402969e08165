import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { changeFile } from '../../base/files/change-file.ts';
import { gitLine, gitSaysYes } from '../git/git.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import { type GitContext, requireRepository } from '../git/repository.ts';

export interface ExcludeReport {
  /** The file that was changed, or would have been: `.git/info/exclude` of the common git folder. */
  excludePath: string;
  /** The lines that were added. */
  added: readonly string[];
  /** Folders whose files are in the repository already: excluding cannot hide them. */
  tracked: readonly string[];
  /** Puts the file back, if nobody changed it since. */
  undo(): Promise<void>;
}

/**
 * Keeps folders that lie inside MAIN_REPO out of its `git status`, by `.git/info/exclude` and never by a file
 * that is committed. Folders outside, and those that are ignored already, add nothing.
 * @throws GitError, not_a_repository
 */
export async function excludeFolders(
  mainRepo: string,
  folders: readonly string[],
  context: GitContext,
): Promise<ExcludeReport> {
  const { toplevel, commonDir } = await requireRepository(mainRepo, context);
  const options = { ...context, cwd: toplevel };
  const added: string[] = [];
  const tracked: string[] = [];
  for (const folder of folders) {
    const way = pathInside(toplevel, await realPathAsFar(folder));
    if (!way) continue;
    if (await gitLine(['ls-files', '--', `:(literal)${way}`], { ...options, maxChars: 1000 }))
      tracked.push(folder);
    // The slash asks about a folder, also before it exists.
    const ignored = await gitSaysYes(['check-ignore', '--quiet', '--no-index', '--', `${way}/`], options);
    if (!ignored) added.push(excludeLine(way));
  }
  const excludePath = join(commonDir, 'info/exclude');
  const undo = added.length > 0 ? await append(excludePath, [...new Set(added)]) : async () => {};
  return { excludePath, added: [...new Set(added)], tracked, undo };
}

/** A line of an ignore file that means one folder: from the top, with what git would take for a pattern escaped. */
function excludeLine(way: string): string {
  return `/${way.replace(/[\\*?[\]]/g, '\\$&')}/`;
}

async function append(path: string, lines: readonly string[]): Promise<() => Promise<void>> {
  // People keep such files elsewhere and link to them: the link must stay one.
  const real = await realPathAsFar(path);
  let before: string | undefined;
  await mkdir(dirname(real), { recursive: true });
  const after = await changeFile(real, (text) => {
    before = text;
    const start = text === undefined || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`;
    return `${start}${lines.join('\n')}\n`;
  });
  return async () => {
    await changeFile(real, (text) => (text === after ? (before ?? '') : (text ?? '')));
  };
}
