import { readlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { ChangedFiles } from '../../../core/acts/sessions/start/start-sources.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainText } from '../../../core/kernel/files/plain-file.ts';
import type { GitOptions } from '../../../core/project/git/git.ts';
import { pathInside, realPathAsFar } from '../../../core/project/git/real-path.ts';
import { EACH_FILE, readStatus } from '../../../core/project/git/status-entries.ts';
import { isSecretFile } from '../../../core/project/worktrees/secret-files.ts';

/**
 * Those of the paths that differ from HEAD: changed, deleted, or new and not ignored. Unfit to be copied are a file whose
 * name or text suggests secrets, a large one, a submodule, one with a merge conflict, and a link that leaves the
 * repository. The old name of a renamed file comes with the new one.
 * @param options of the main checkout
 * @param hasSecrets of a text
 */
export async function changedFiles(
  paths: readonly string[],
  options: GitOptions,
  hasSecrets: (text: string) => boolean,
): Promise<ChangedFiles> {
  if (paths.length === 0) return { fit: [], unfit: [] };
  const { entries } = await readStatus(options, [EACH_FILE, '--find-renames']);
  const named = new Set(paths);
  const top = await realPathAsFar(options.cwd);
  const fit = new Set<string>();
  const unfit = new Set<string>();
  for (const { kind, path, from = path } of entries) {
    if (!named.has(path)) continue;
    const names = [path, from];
    const areFit =
      kind !== 'conflict' &&
      names.every((name) => isFit(top, name)) &&
      !(await anySecret(top, names, hasSecrets));
    if (areFit) for (const name of names) fit.add(name);
    else unfit.add(path);
  }
  return { fit: [...fit].sort(), unfit: [...unfit].sort() };
}

async function anySecret(
  top: string,
  names: readonly string[],
  hasSecrets: (text: string) => boolean,
): Promise<boolean> {
  for (const name of names) {
    const text = (await plainText(join(top, name), MAX_BYTES).catch(() => undefined)) ?? '';
    if ((await isSecretFile(name, async () => text)) || hasSecrets(text)) return true;
  }
  return false;
}

const MAX_BYTES = 10 * 1024 * 1024;

/** Whether it is gone, a plain file that is not too large, or a relative link inside the repository. */
function isFit(top: string, path: string): boolean {
  const at = join(top, path);
  const stats = statsAt(at);
  if (stats === undefined) return true;
  if (!stats.isSymbolicLink()) return stats.isFile() && stats.size <= MAX_BYTES;
  const target = readlinkSync(at);
  return !isAbsolute(target) && pathInside(top, resolve(dirname(at), target)) !== undefined;
}
