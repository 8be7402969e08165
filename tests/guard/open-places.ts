import { join } from 'node:path';
import type { GuardPlaces } from '../../src/providers/starting/guard-profile.ts';
import type { Rule } from './entries-below.ts';
import type { Variables } from './places.ts';

/** What a session may write, told without the profile that is tried. */
export function rulesOf(
  { session, configFolder, programs, writable }: GuardPlaces,
  { HOME, ORIGIN }: Variables,
): Rule[] {
  if (session === undefined) return [];
  const { worktree, gitDir, sessionDir, git } = session;
  return [
    [HOME, true],
    [ORIGIN, true],
    [configFolder, false],
    ...programs.map((path): Rule => [path, false]),
    ...(git ? ['git', '.git-refused'].map((name): Rule => [join(git.runDir, name), true]) : []),
    [join(gitDir, 'modules'), true],
    [worktree, true],
    [join(worktree, '.git'), false],
    [sessionDir, true],
    ...writable.map((path): Rule => [path, true]),
  ];
}
