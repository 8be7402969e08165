import { join } from 'node:path';
import { configFolder } from '../kernel/config-folder.ts';
import { respondingOf } from '../kernel/files/silent-places.ts';
import type { Sandbox, SandboxOpenings } from '../kernel/sandbox-level.ts';
import { readKnownProjects } from '../project/finding/known-projects.ts';
import { pathInside, realPathAsFar } from '../project/git/real-path.ts';
import { worktreeFolders } from '../project/git/worktree-list.ts';
import type { GuardPlaces } from './guard-profile.ts';
import type { HomePlaces } from './home.ts';
import { withoutClosed } from './programs/environment.ts';

/** What is guarded: the file of a session, or a project as its next session would have it. */
export interface GuardedProject {
  mainRepo: string;
  sessionsDir: string;
  worktreesDir: string;
  settings: { sandbox: Sandbox; openings: SandboxOpenings };
}

/** Where it is guarded. */
export interface GuardedOn {
  env: HomePlaces['env'];
  home: string;
  runRoot: string;
  programFolder: string;
  commonDir(): Promise<string>;
}

/** @throws GitError when there is no repository */
export async function findProtectedPlaces(
  { mainRepo, settings: { sandbox, openings }, ...folders }: GuardedProject,
  { env, home, runRoot, programFolder, ...on }: GuardedOn,
): Promise<GuardPlaces> {
  const main = await realPathAsFar(mainRepo);
  const sessionsDir = await realPathAsFar(folders.sessionsDir);
  const worktreesDir = await realPathAsFar(folders.worktreesDir);
  const commonDir = await on.commonDir();
  const checkouts: string[] = [];
  for (const path of await worktreeFolders(commonDir)) {
    const real = await realPathAsFar(path);
    if (real !== main && pathInside(worktreesDir, real) === undefined) checkouts.push(real);
  }
  const homeReal = await realPathAsFar(home);
  const named = [
    [mainRepo, main],
    [home, homeReal],
    [folders.sessionsDir, sessionsDir],
    [folders.worktreesDir, worktreesDir],
  ] as const;
  return {
    mainRepo: main,
    commonDir,
    otherCheckouts: checkouts,
    otherSessions: await sessionsOfOthers(home, sessionsDir),
    sessionsDir,
    runRoot: await realPathAsFar(runRoot),
    worktreesDir,
    configFolder: await realPathAsFar(configFolder(home)),
    programs: await Promise.all(
      [programFolder, ...SERVICE_UNITS.map((path) => join(home, path))].map(realPathAsFar),
    ),
    openings: {
      ...openings,
      write: await Promise.all(openings.write.map(realPathAsFar)),
      read: await Promise.all(openings.read.map(realPathAsFar)),
    },
    isStrict: sandbox === 'strict',
    home: { dir: homeReal, env: withoutClosed(env) },
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
