import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitDirOf } from '../../src/base/files/git-pointer.ts';
import { type CommandResult, runCommand } from '../../src/base/processes/run-command.ts';
import { findProtectedPlaces } from '../../src/project/finding/protected-places.ts';
import { realPathAsFar } from '../../src/project/git/real-path.ts';
import { makePrivateGit } from '../../src/project/private-git/make-private-git.ts';
import { basePlace, privateGitIn } from '../../src/project/private-git/private-git.ts';
import { PROVIDER_NAMES } from '../../src/providers/registry.ts';
import { type GuardPlaces, guardProfile } from '../../src/providers/starting/guard-profile.ts';
import { makeHomeFolders } from '../../src/providers/starting/home-places.ts';
import {
  findGuardTool,
  type GuardTool,
  insideGuard,
  makeGuard,
} from '../../src/providers/starting/make-guard.ts';
import { runRoot } from '../../src/session/layout/paths.ts';
import { eventually } from '../support/eventually.ts';
import { tempDir } from '../support/temp-dir.ts';
import { entriesBelow } from './entries-below.ts';
import { rulesOf } from './open-places.ts';
import { MAKE_PERSON, MAKE_SESSIONS, type Place, planLayout, type Variables } from './places.ts';
import type { User } from './users.ts';

/** A repository, a session in it, and a guard for all programs of the session. */
export interface GuardScene extends AsyncDisposable {
  root: string;
  places: GuardPlaces;
  tool: GuardTool;
  env: Record<string, string>;
  /** Runs a shell script in the worktree, like the agent. */
  inside(script: string): Promise<CommandResult>;
  /** The same for the user, without a guard. @throws if it fails */
  outside(script: string): Promise<string>;
  /** A script inside that has been running since before the user's act, and continues after it. */
  insideAfter(act: () => Promise<void>, script: string): Promise<CommandResult>;
  /** Makes the user the owner of everything that root has written there. */
  handOver(): Promise<void>;
  /** Files in folders that the session must not write to, path → content. */
  others(): Record<string, string>;
}

export async function makeScene(user: User, place: Place): Promise<GuardScene> {
  const dir = await tempDir();
  const { makeRepository, variables } = planLayout(dir.path, place);
  const env: Record<string, string> = {
    ...variables,
    // Root's own folders are inaccessible to others.
    PATH: `${user.uid === undefined ? process.env.PATH : '/usr/bin:/bin'}:${join(variables.BASE, 'tools/bin')}`,
    OUTSIDE: `${process.pid}`,
  };
  const run = async ([file = '', ...args]: readonly string[]) =>
    await runCommand(file, args, { cwd: dir.path, env, leavesBehind: true });
  const outside = async (script: string) => {
    const { exitCode, stdout, stderr } = await run([...user.prefix, '/bin/sh', '-euc', script]);
    if (exitCode !== 0) throw new Error(`${script}\nended with ${exitCode}: ${stderr}`);
    return stdout.trim();
  };
  const handOver = async () => {
    if (user.uid !== undefined) await run(['chown', '-R', `${user.uid}:${user.uid}`, dir.path]);
  };
  if (place.homeByLink) {
    await mkdir(join(variables.BASE, 'people'), { recursive: true });
    await symlink('people', join(variables.BASE, 'person'));
  }
  await mkdir(variables.HOME, { recursive: true });
  const tool = await toolOf(user, dir.path, env);
  await handOver();
  await outside(`${MAKE_PERSON}\n${makeRepository}\n${MAKE_SESSIONS}`);
  const places = await placesOf(variables, place, env);
  const { session, commonDir } = places;
  makeHomeFolders(places.home, PROVIDER_NAMES);
  await handOver();
  Object.assign(env, { COMMON: commonDir, GITDIR: session.gitDir });
  const guard = makeGuard(tool, guardProfile(places), user.isRoot);
  const inside = async (script: string) =>
    await run(insideGuard(guard, ['/bin/sh', '-c', `cd "$WORKTREE"; ${script}`]));
  return {
    ...{ root: dir.path, places, tool, env, inside, outside, handOver },
    insideAfter: async (act, script) => {
      const waits = `: >"$SESSION/ready"; until [ -e "$SESSION/go" ]; do sleep 0.02; done`;
      const running = inside(`${waits}; ${script}`);
      await eventually(() => outside('test -e "$SESSION/ready"; echo yes'), { what: 'the script inside' });
      await act();
      await outside(': >"$SESSION/go"');
      return await running;
    },
    others: () => entriesBelow(dir.path, rulesOf(places, variables)),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

type Places = GuardPlaces & Required<Pick<GuardPlaces, 'session'>>;

/** As the worker determines them. */
async function placesOf(variables: Variables, place: Place, env: Record<string, string>): Promise<Places> {
  const { MAIN, SESSIONS, WORKTREES, HOME, PROGRAM, SESSION, WORKTREE, BRANCH, RUN } = variables;
  const question = {
    ...{ mainRepo: MAIN, sessionsDir: SESSIONS, worktreesDir: WORKTREES, homeDir: HOME },
    runRoot: runRoot(SESSIONS),
    programFolder: PROGRAM,
    writable: (place.writable ?? []).map((path) => join(MAIN, path)),
  };
  const places = await findProtectedPlaces(question, { baseEnv: env });
  const runDir = await realPathAsFar(RUN);
  const git = privateGitIn(runDir);
  const gitDir = await realPathAsFar((await gitDirOf(WORKTREE)) ?? '');
  const { commonDir } = places;
  const plan = { git, commonDir, gitDir, branch: BRANCH };
  const bound = await makePrivateGit(plan, { baseEnv: env });
  const session = {
    sessionDir: await realPathAsFar(SESSION),
    worktree: await realPathAsFar(WORKTREE),
    gitDir,
    branch: BRANCH,
    git: {
      runDir,
      dir: git.dir,
      bound,
      objects: basePlace(git.dir, 'objects'),
      lfs: basePlace(git.dir, 'lfs'),
    },
  };
  return { ...places, session };
}

/** Starts the guard as this user. */
async function toolOf(user: User, folder: string, env: Record<string, string>): Promise<GuardTool> {
  const tool = findGuardTool(env);
  if (tool === undefined) throw new Error('These tests need bubblewrap (Debian: apt install bubblewrap).');
  if (user.uid === undefined) return tool;
  const path = join(folder, 'bwrap-of-somebody');
  await writeFile(path, `#!/bin/sh\nexec ${user.prefix.join(' ')} ${tool.path} "$@"\n`);
  await chmod(path, 0o755);
  return { ...tool, path };
}
