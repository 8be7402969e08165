import { dirname, join } from 'node:path';
import type { GuardPlaces } from '../../src/providers/starting/guard-profile.ts';
import type { Rule } from './entries-below.ts';
import type { Variables } from './places.ts';

/** What a session may write, told without the profile that is tried. */
export function rulesOf(
  { session, commonDir, configFolder, programs, writable }: GuardPlaces,
  { HOME, ORIGIN }: Variables,
): Rule[] {
  if (session === undefined) return [];
  const { worktree, gitDir, sessionDir, branch } = session;
  return [
    [HOME, true],
    [ORIGIN, true],
    [configFolder, false],
    ...programs.map((path): Rule => [path, false]),
    ...['objects', 'logs', 'refs', 'lfs'].map((name): Rule => [join(commonDir, name), true]),
    [join(commonDir, 'refs/samocode'), false],
    // A branch without a folder of its own lies among all others, which are only watched.
    [join(commonDir, 'refs/heads'), !branch.includes('/')],
    [join(commonDir, 'refs/heads', dirname(branch)), true],
    [gitDir, true],
    [join(gitDir, 'commondir'), false],
    [join(gitDir, 'gitdir'), false],
    [worktree, true],
    [join(worktree, '.git'), false],
    [sessionDir, true],
    ...writable.map((path): Rule => [path, true]),
  ];
}
