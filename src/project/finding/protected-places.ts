import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configFolder } from '../../base/config-folder.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { pathInside, realPathAsFar } from '../git/real-path.ts';
import { commonDirOf, type GitContext } from '../git/repository.ts';
import { listWorktrees } from '../git/worktree-list.ts';
import { readKnownProjects } from './known-projects.ts';

/** What an agent must not change, absolute and real; see `GuardPlaces`. */
export interface ProtectedPlaces {
  mainRepo: string;
  commonDir: string;
  otherCheckouts: string[];
  otherSessions: string[];
  sessionsDir: string;
  runRoot: string;
  worktreesDir: string;
  configFolder: string;
  programs: string[];
  writable: string[];
}

export interface PlacesQuestion {
  mainRepo: string;
  sessionsDir: string;
  runRoot: string;
  worktreesDir: string;
  homeDir: string;
  programFolder: string;
  writable: readonly string[];
}

/** @throws GitError when there is no repository */
export async function findProtectedPlaces(
  { mainRepo, homeDir, programFolder, writable, ...folders }: PlacesQuestion,
  context: GitContext,
): Promise<ProtectedPlaces> {
  const main = await realPathAsFar(mainRepo);
  const sessionsDir = await realPathAsFar(folders.sessionsDir);
  const worktreesDir = await realPathAsFar(folders.worktreesDir);
  const checkouts: string[] = [];
  for (const { path, prunable } of await listWorktrees(mainRepo, context)) {
    const real = await realPathAsFar(path);
    if (!prunable && real !== main && pathInside(worktreesDir, real) === undefined) checkouts.push(real);
  }
  return {
    mainRepo: main,
    commonDir: await commonDirOf(mainRepo, context),
    otherCheckouts: checkouts,
    otherSessions: await sessionsOfOthers(homeDir, sessionsDir),
    sessionsDir,
    runRoot: await realPathAsFar(folders.runRoot),
    worktreesDir,
    configFolder: await realPathAsFar(configFolder(homeDir)),
    programs: await Promise.all(
      [programFolder, ...SERVICE_UNITS.map((path) => join(homeDir, path))].map(realPathAsFar),
    ),
    writable: await Promise.all(writable.map(realPathAsFar)),
  };
}

async function sessionsOfOthers(homeDir: string, own: string): Promise<string[]> {
  const known = await readKnownProjects(homeDir);
  if (known.kind === 'malformed') return [];
  const folders = await Promise.all(known.projects.map(({ sessions }) => realPathAsFar(sessions)));
  return [...new Set(folders)].filter((folder) => folder !== own);
}

/** What `samocode supervisor --install` writes below the home folder. */
const SERVICE_UNITS = [
  '.config/systemd/user/samocode-supervisor.service',
  'Library/LaunchAgents/dev.samocode.supervisor.plist',
];

/** git clears empty folders of refs away; one with this in it stays, and git takes no name that ends so for a ref. */
const HOLD = 'hold.lock';

/**
 * Makes the folders of refs that a guard is bound to, and sees that they stay: the person may run `git gc` or `git pack-refs` meanwhile.
 */
export function holdRefFolders(commonDir: string, branch: string): void {
  // A reftable has no folders of refs.
  if (statsAt(join(commonDir, 'reftable')) !== undefined) return;
  const own = join('refs/heads', dirname(branch));
  const folders = [own, join('logs', own), 'refs/samocode', 'refs/replace'];
  for (const folder of folders.map((each) => join(commonDir, each))) {
    mkdirSync(folder, { recursive: true });
    // `refs/heads` itself is never cleared away.
    if (!folder.endsWith('refs/heads')) writeFileSync(join(folder, HOLD), '');
  }
  // The first file of LFS may be an agent's.
  mkdirSync(join(commonDir, 'lfs'), { recursive: true });
}
