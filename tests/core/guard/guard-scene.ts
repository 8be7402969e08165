import { readlinkSync } from 'node:fs';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gitDirOf } from '../../../src/core/kernel/files/git-pointer.ts';
import { type CommandResult, runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { NO_OPENINGS } from '../../../src/core/kernel/sandbox-level.ts';
import { realPathAsFar } from '../../../src/core/project/git/real-path.ts';
import { commonDirOf } from '../../../src/core/project/git/repository.ts';
import { sandboxFolders } from '../../../src/core/project/worktrees/sandbox-folders.ts';
import { copyState } from '../../../src/core/sandbox/cli-state.ts';
import { egressRules, openEgressProxy } from '../../../src/core/sandbox/egress-proxy.ts';
import {
  findGuardTool,
  type Guard,
  type GuardTool,
  insideGuard,
} from '../../../src/core/sandbox/guard/make-guard.ts';
import { guardOf } from '../../../src/core/sandbox/guard-of.ts';
import { freshHome } from '../../../src/core/sandbox/home.ts';
import { findProtectedPlaces, type GuardPlaces, guardProfile } from '../../../src/core/sandbox/places.ts';
import { makePrivateGit } from '../../../src/core/sandbox/private-git/make-private-git.ts';
import { basePlace, privateGitIn } from '../../../src/core/sandbox/private-git/private-git.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { eventually } from '../../support/eventually.ts';
import { noteReached } from '../../support/reached.ts';
import { tempDir } from '../../support/temp-dir.ts';
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
  /** What the proxy of a strict sandbox refused. */
  refused: readonly string[];
  /** As if its worker died, and another one began a second later. */
  restartEgress(): Promise<void>;
}

/** @param change replaces the guard, for what a test of the tests takes from it */
export async function makeScene(
  user: User,
  place: Place,
  change: (guard: Guard) => Guard = (guard) => guard,
): Promise<GuardScene> {
  const dir = await tempDir();
  const { makeRepository, variables } = planLayout(dir.path, place);
  const env: Record<string, string> = {
    ...variables,
    ...place.env?.(variables),
    // Root's own folders are inaccessible to others.
    PATH: `${user.uid === undefined ? process.env.PATH : '/usr/bin:/bin'}:${join(variables.BASE, 'tools/bin')}`,
    OUTSIDE: `${process.pid}`,
    IPC: readlinkSync('/proc/self/ns/ipc'),
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
  await outside(`${MAKE_PERSON}\n${makeRepository}\n${MAKE_SESSIONS}\n${place.services ?? ''}`);
  const places = await placesOf(variables, place, env);
  const { session, commonDir } = places;
  Object.assign(env, { COMMON: commonDir, GITDIR: session.gitDir });
  const { own, caches } = sandboxFolders(places.worktreesDir, basename(variables.SESSION));
  const folder = (name: string) => join(own, name);
  for (const path of [folder('home'), folder('tmp'), caches]) await mkdir(path, { recursive: true });
  freshHome(places.home.dir, folder('home'));
  const strict = place.strict === undefined ? undefined : await strictPart(places, folder('net'), env);
  const clis = [{ name: 'claude' }];
  const states = await copyState('claude', places.home, folder('state'));
  const part = {
    home: folder('home'),
    tmp: folder('tmp'),
    caches,
    clis,
    states,
    ...strict?.part,
  };
  for (const { kind } of guardProfile(places, part)) noteReached('mount', kind);
  const guard = change(guardOf(tool, places, part));
  await handOver();
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
    others: () => entriesBelow(dir.path, rulesOf(places, variables, join(places.worktreesDir, '.sandbox'))),
    refused: strict?.refused ?? [],
    restartEgress: async () => {
      await strict?.restart();
      await handOver();
    },
    [Symbol.asyncDispose]: async () => {
      await strict?.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

type Places = GuardPlaces & Required<Pick<GuardPlaces, 'session'>>;

/** As the worker determines them. */
async function placesOf(variables: Variables, place: Place, env: Record<string, string>): Promise<Places> {
  const { MAIN, SESSIONS, WORKTREES, HOME, PROGRAM, SESSION, WORKTREE, BRANCH, STATE, RUN } = variables;
  const guarded = {
    ...{ mainRepo: MAIN, sessionsDir: SESSIONS, worktreesDir: WORKTREES },
    settings: {
      sandbox: place.strict === undefined ? ('guard' as const) : ('strict' as const),
      openings: {
        ...NO_OPENINGS,
        ...place.strict,
        sockets: [...(place.sockets ?? [])],
        // A remote on this machine.
        write: [variables.ORIGIN, ...(place.writable ?? []).map((path) => join(MAIN, path))],
        read: (place.readable ?? []).map((path) => join(HOME, path)),
      },
    },
  };
  const places = await findProtectedPlaces(guarded, {
    ...{ env, home: HOME, stateRoot: STATE, programFolder: PROGRAM },
    commonDir: () => commonDirOf(MAIN, { baseEnv: env }),
  });
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

/** What the worker prepares for a strict sandbox. */
async function strictPart(places: Places, net: string, env: Record<string, string>) {
  await copyFile(
    join(dirname((await builtPrograms()).worker), 'relay.cjs'),
    join(places.programs[0] ?? '', 'relay.cjs'),
  );
  const rules = egressRules(places.openings, [], env);
  const refused: string[] = [];
  const open = () => openEgressProxy(net, rules, (target, why) => refused.push(`${target} ${why}`));
  let egress = await open();
  return {
    part: { net, ports: rules.ports },
    refused,
    close: () => egress.close(),
    restart: async () => {
      await egress.close();
      await setTimeout(1000);
      egress = await open();
    },
  };
}

/** Starts the guard as this user. */
async function toolOf(user: User, folder: string, env: Record<string, string>): Promise<GuardTool> {
  const tool = findGuardTool(env);
  if (tool === undefined) throw new Error('These tests need bubblewrap (Debian: apt install bubblewrap).');
  if (user.uid === undefined) return tool;
  const path = join(folder, 'bwrap-of-somebody');
  await writeFile(path, `#!/bin/sh\nexec ${user.prefix.join(' ')} ${tool.path} "$@"\n`);
  await chmod(path, 0o755);
  return { ...tool, path, isRoot: user.isRoot };
}
