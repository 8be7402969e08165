import { join } from 'node:path';
import { configFolder } from '../kernel/config-folder.ts';
import { respondingOf } from '../kernel/files/silent-places.ts';
import type { SandboxOpenings } from '../kernel/sandbox-level.ts';
import { readKnownProjects } from '../project/finding/known-projects.ts';
import { pathInside, realPathAsFar } from '../project/git/real-path.ts';
import { commonDirOf, type GitContext } from '../project/git/repository.ts';
import { worktreeFolders } from '../project/git/worktree-list.ts';
import { withoutClosed } from './programs/environment.ts';

/** Paths an agent must not change, absolute and real; see `GuardPlaces`. */
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
  openings: SandboxOpenings;
  isStrict: boolean;
  home: { dir: string; env: GitContext['baseEnv'] };
  links: { path: string; to: string }[];
}

export interface PlacesQuestion {
  mainRepo: string;
  sessionsDir: string;
  runRoot: string;
  worktreesDir: string;
  homeDir: string;
  programFolder: string;
  openings: SandboxOpenings;
  isStrict: boolean;
  commonDir?: string;
}

/** @throws GitError when there is no repository */
export async function findProtectedPlaces(
  { mainRepo, homeDir, programFolder, openings, isStrict, commonDir, ...folders }: PlacesQuestion,
  context: GitContext,
): Promise<ProtectedPlaces> {
  const main = await realPathAsFar(mainRepo);
  const sessionsDir = await realPathAsFar(folders.sessionsDir);
  const worktreesDir = await realPathAsFar(folders.worktreesDir);
  const sharedDir = commonDir ?? (await commonDirOf(mainRepo, context));
  const checkouts: string[] = [];
  for (const path of await worktreeFolders(sharedDir)) {
    const real = await realPathAsFar(path);
    if (real !== main && pathInside(worktreesDir, real) === undefined) checkouts.push(real);
  }
  const homeReal = await realPathAsFar(homeDir);
  const named = [
    [mainRepo, main],
    [homeDir, homeReal],
    [folders.sessionsDir, sessionsDir],
    [folders.worktreesDir, worktreesDir],
  ] as const;
  return {
    mainRepo: main,
    commonDir: sharedDir,
    otherCheckouts: checkouts,
    otherSessions: await sessionsOfOthers(homeDir, sessionsDir),
    sessionsDir,
    runRoot: await realPathAsFar(folders.runRoot),
    worktreesDir,
    configFolder: await realPathAsFar(configFolder(homeDir)),
    programs: await Promise.all(
      [programFolder, ...SERVICE_UNITS.map((path) => join(homeDir, path))].map(realPathAsFar),
    ),
    openings: {
      ...openings,
      write: await Promise.all(openings.write.map(realPathAsFar)),
      read: await Promise.all(openings.read.map(realPathAsFar)),
    },
    isStrict,
    home: { dir: homeReal, env: withoutClosed(context.baseEnv) },
    links: named.flatMap(([path, to]) => (path === to ? [] : [{ path, to }])),
  };
}

async function sessionsOfOthers(homeDir: string, own: string): Promise<string[]> {
  const known = (await readKnownProjects(homeDir)).map(({ sessions }) => sessions);
  const responding = await respondingOf(known);
  // Nothing resolves the links of a disk that does not respond, and nothing can be written there.
  const folders = await Promise.all(
    known.map(async (sessions) => (responding.has(sessions) ? await realPathAsFar(sessions) : sessions)),
  );
  return [...new Set(folders)].filter((folder) => folder !== own);
}

/** Files of `samocode supervisor --install`, below the home folder. */
const SERVICE_UNITS = [
  '.config/systemd/user/samocode-supervisor.service',
  'Library/LaunchAgents/dev.samocode.supervisor.plist',
];
