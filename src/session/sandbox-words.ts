import { hasOwnFolder } from '../base/sandbox-level.ts';
import type { SessionState } from './events/state.ts';

/** The level in force, in a few words; undefined in a session that began before there was one. */
export function sandboxWords({
  sandbox,
  worktree,
}: Pick<SessionState, 'sandbox' | 'worktree'>): string | undefined {
  if (sandbox === undefined) return undefined;
  const isKernel = sandbox === 'guard' || sandbox === 'best effort';
  const level = sandbox === 'best effort' ? 'best effort (agents are root)' : sandbox;
  // Without a folder of its own a branch can't be opened alone.
  return isKernel && worktree !== undefined && !hasOwnFolder(worktree.branch)
    ? `${level}, branches watched only`
    : level;
}
