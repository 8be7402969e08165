import { dirname } from 'node:path';
import { gitDirOf } from '../../base/files/git-pointer.ts';
import type { SandboxLevel } from '../../base/sandbox-level.ts';
import { PHASE_NAMES } from '../../phases/table.ts';
import { findProtectedPlaces, type ProtectedPlaces } from '../../project/finding/protected-places.ts';
import { pathInside, realPathAsFar } from '../../project/git/real-path.ts';
import { makePrivateGit } from '../../project/private-git/make-private-git.ts';
import { basePlace, privateGitIn } from '../../project/private-git/private-git.ts';
import { areConfined } from '../../providers/registry.ts';
import { guardProfile, type SessionGit, type SessionPlaces } from '../../providers/starting/guard-profile.ts';
import { type HomePlaces, makeHomeFolders } from '../../providers/starting/home-places.ts';
import { type Guard, makeGuard } from '../../providers/starting/make-guard.ts';
import { type GuardNow, probeGuard, SWITCHED_OFF } from '../../providers/starting/probe-guard.ts';
import type { ProofGuard } from '../../providers/starting/proof-place.ts';
import { runRoot, type SessionPaths } from '../../session/layout/paths.ts';
import { type Chooser, childChoice } from './child-choice.ts';
import type { GitGuard } from './git-guard.ts';

interface Place {
  path: string;
  branch: string;
}

/** The parts of a `Worker` that the guard uses. */
interface Guarded extends Chooser {
  readonly paths: Pick<SessionPaths, 'sessionDir' | 'runDir'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly rehearsalProgram: string;
  readonly git: GitGuard;
}

/** The sandbox for agents, SETUP and CHECK: tested once, and again at a resume. */
export class WorkerGuard {
  #now: Promise<GuardNow> | undefined;

  /**
   * The guard for programs in the session's worktree, with the private git folder prepared; undefined if unavailable
   * or disabled. Call it only while nothing of the session is running there.
   * @param worktree if it is not recorded yet
   */
  async guard(
    worker: Guarded,
    worktree: Place | undefined = worker.writer.state.worktree,
  ): Promise<Guard | undefined> {
    const now = await this.now(worker);
    if (now.level === 'none') return undefined;
    const places = await this.#placesOf(worker);
    const { tool } = now.guard;
    const session = worktree && (await sessionPlaces(worker, worktree, places));
    makeHomeFolders(places.home, providersOf(worker));
    const git = session && tool.kind === 'bwrap' ? await gitOf(worker, session, places) : undefined;
    const profile = guardProfile({ ...places, session: session && { ...session, git } });
    return makeGuard(tool, profile, now.level === 'best effort');
  }

  /** The guard for commands that prove a commit, and the paths it hides; undefined if there is none. */
  async ofProof(worker: Guarded): Promise<ProofGuard> {
    const now = await this.now(worker);
    return now.level === 'none' ? undefined : { now, places: await this.#placesOf(worker) };
  }

  async home({ env }: Guarded): Promise<HomePlaces> {
    return { dir: await realPathAsFar(env.HOME ?? '/'), env };
  }

  /** Forces a new test: a person may have repaired or changed the machine. */
  forget(): void {
    this.#now = undefined;
  }

  async level(worker: Guarded): Promise<SandboxLevel> {
    const { level } = await this.now(worker);
    if (level !== 'none') return level;
    const { permissions } = worker.file.settings;
    return areConfined(providersOf(worker), permissions) ? 'provider sandbox' : 'none';
  }

  async now(worker: Guarded): Promise<GuardNow> {
    if (worker.file.settings.sandbox === 'off') return SWITCHED_OFF;
    this.#now ??= this.#probe(worker).catch((error: unknown) => {
      this.#now = undefined;
      throw error;
    });
    return await this.#now;
  }

  async #probe(worker: Guarded): Promise<GuardNow> {
    return await probeGuard(await this.#placesOf(worker), { env: worker.env });
  }

  async #placesOf({ file, env, rehearsalProgram, git }: Guarded): Promise<ProtectedPlaces> {
    const { mainRepo, sessionsDir, worktreesDir, settings } = file;
    // Read each time, because the person may have added a checkout.
    const places = await findProtectedPlaces(
      {
        ...{ mainRepo, sessionsDir, worktreesDir, runRoot: runRoot(sessionsDir) },
        homeDir: env.HOME ?? '/',
        programFolder: dirname(rehearsalProgram),
        writable: settings.sandboxWrite,
      },
      git.context,
    );
    return { ...places, home: { ...places.home, env } };
  }
}

async function gitOf(
  { paths, git: { context } }: Guarded,
  { gitDir, branch }: SessionPlaces,
  { commonDir }: ProtectedPlaces,
): Promise<SessionGit> {
  const runDir = await realPathAsFar(paths.runDir);
  const git = privateGitIn(runDir);
  const bound = await makePrivateGit({ git, commonDir, gitDir, branch }, context);
  const { dir } = git;
  return { runDir, dir, bound, objects: basePlace(dir, 'objects'), lfs: basePlace(dir, 'lfs') };
}

function providersOf(worker: Guarded): string[] {
  const own = PHASE_NAMES.map((phase) => childChoice(worker, phase).provider.name);
  return [...own, ...(worker.file.settings.fallback ?? [])];
}

async function sessionPlaces(
  worker: Guarded,
  worktree: Place,
  { commonDir }: ProtectedPlaces,
): Promise<SessionPlaces | undefined> {
  const pointed = await gitDirOf(worktree.path);
  if (pointed === undefined) return undefined;
  const gitDir = await realPathAsFar(pointed);
  // An agent that ran without a guard may have redirected `.git`, and this guard allows access to the paths found here.
  if (!pathInside(commonDir, gitDir)?.startsWith('worktrees/')) return undefined;
  return {
    sessionDir: await realPathAsFar(worker.paths.sessionDir),
    worktree: await realPathAsFar(worktree.path),
    gitDir,
    branch: worktree.branch,
  };
}
