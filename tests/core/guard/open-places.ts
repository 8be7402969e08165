import { join } from 'node:path';
import type { GuardPlaces } from '../../../src/core/sandbox/places.ts';
import type { Rule } from './entries-below.ts';
import type { Variables } from './places.ts';

/** Paths that a session may write to, independent of the tested profile: nothing of the person's home. */
export function rulesOf(
  { session, configFolder, programs, openings }: GuardPlaces,
  { ORIGIN }: Variables,
  sandbox: string,
): Rule[] {
  if (session === undefined) return [];
  const { worktree, gitDir, sessionDir, git } = session;
  return [
    [ORIGIN, true],
    [sandbox, true],
    [configFolder, false],
    ...programs.map((path): Rule => [path, false]),
    ...(git ? ['git', '.git-refused'].map((name): Rule => [join(git.runDir, name), true]) : []),
    [join(gitDir, 'modules'), true],
    [worktree, true],
    [join(worktree, '.git'), false],
    [sessionDir, true],
    ...openings.write.map((path): Rule => [path, true]),
  ];
}
