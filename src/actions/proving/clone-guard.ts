import { dirname } from 'node:path';
import type { SandboxLevel } from '../../base/sandbox-level.ts';
import { findProtectedPlaces } from '../../project/finding/protected-places.ts';
import { realPathAsFar } from '../../project/git/real-path.ts';
import { type Guard, makeGuard } from '../../providers/starting/guard.ts';
import { guardProfile } from '../../providers/starting/guard-profile.ts';
import { probeGuard } from '../../providers/starting/probe-guard.ts';
import { runRoot } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';

interface GuardedFolders {
  mainRepo: string;
  sessionsDir: string;
  worktreesDir: string;
  writable: readonly string[];
}

export interface CloneGuard {
  level: SandboxLevel;
  /** The guard of commands that may write below `dir`; undefined where this machine has no guard. */
  of(dir: string): Promise<Guard | undefined>;
}

export const NO_CLONE_GUARD: CloneGuard = { level: 'none', of: async () => undefined };

/** What keeps the commands of a proof from everything but their clone, as a worker's checks are kept. @throws GitError */
export async function cloneGuard(folders: GuardedFolders, context: ActionContext): Promise<CloneGuard> {
  const { env, home, programs } = context;
  const question = {
    ...folders,
    runRoot: runRoot(folders.sessionsDir),
    homeDir: home,
    programFolder: dirname(programs.worker),
  };
  const places = await findProtectedPlaces(question, { baseEnv: env });
  const now = await probeGuard(places, { env });
  if (now.level === 'none') return NO_CLONE_GUARD;
  const isRoot = now.level === 'best effort';
  const of = async (dir: string) => {
    const writable = [...places.writable, await realPathAsFar(dir)];
    return makeGuard(now.guard.tool, guardProfile({ ...places, writable }), isRoot);
  };
  return { level: now.level, of };
}
