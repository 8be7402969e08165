import { basename, dirname, join } from 'node:path';
import { statsAt } from '../../base/files/look-at.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { runGit } from '../git/git.ts';
import { pathInside } from '../git/real-path.ts';
import type { GitContext } from '../git/repository.ts';
import { lockFilesBeside, MADE_BY } from './lock-files.ts';

/** What lies in MAIN_REPO, and in no clone, and might be what a check misses there. */
export interface Ignored {
  /** Small ones: `.env.test`, a fixture. */
  files: string[];
  folders: string[];
}

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 20;
/** What is written anew by every run, or belongs to an editor or to us. */
const NEVER_MISSED =
  /(?:^|\/)(?:\.DS_Store|Thumbs\.db|\.samocode|[^/]*\.(?:log|pid|swp|tmp|tsbuildinfo|pyc))$/;

/** @param without folders in which nothing is looked for: WORKTREES and SESSIONS may lie in MAIN_REPO */
export async function ignoredIn(
  mainRepo: string,
  without: readonly string[],
  context: GitContext,
): Promise<Ignored> {
  const list = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'];
  const { stdout } = await runGit(list, { ...context, cwd: mainRepo, allowFailure: true });
  const names = stdout.split('\0').filter((name) => name !== '' && !NEVER_MISSED.test(name));
  const isOurs = (name: string) =>
    without.some(
      (folder) =>
        (pathInside(join(mainRepo, name), folder) ?? pathInside(folder, join(mainRepo, name))) !== undefined,
    );
  const found = names.filter((name) => !isOurs(name));
  const folders = found.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1));
  return {
    folders: folders.filter((name) => basename(name) in MADE_BY),
    files: found
      .filter((name) => !name.endsWith('/'))
      .filter((name) => (statsAt(join(mainRepo, name))?.size ?? MAX_FILE_BYTES) < MAX_FILE_BYTES)
      .slice(0, MAX_FILES),
  };
}

/** Lines of `.samocode` with which checks would find in every clone what they find beside `ignored`. */
export function linesFor(
  { files, folders }: Ignored,
  { mainRepo, copied, setup }: { mainRepo: string; copied: readonly string[]; setup: string | undefined },
): string[] {
  const made = setup === undefined ? folders.flatMap((folder) => setupOf(mainRepo, folder)) : [];
  const byHand = folders.filter((folder) => !made.some((each) => each.folder === folder));
  const copy = [...new Set([...copied, ...files, ...byHand])];
  return [
    ...(made.length > 0 ? [`SETUP=${made.map(({ command }) => command).join(' && ')}`] : []),
    ...(made.length > 0 ? [`SETUP_CACHE=${made.map(({ folder }) => folder).join(',')}`] : []),
    ...(copy.length > copied.length ? [`CHECK_COPY=${copy.join(',')}`] : []),
  ];
}

function setupOf(mainRepo: string, folder: string): { folder: string; command: string }[] {
  const lock = lockFilesBeside(mainRepo, folder).map((path) => basename(path));
  const command = lock.map((name) => MADE_BY[basename(folder)]?.[name]).find((each) => each !== undefined);
  if (command === undefined) return [];
  const above = dirname(folder);
  return [{ folder, command: above === '.' ? command : `(cd ${shellWord(above)} && ${command})` }];
}
