import { join } from 'node:path';
import type { GuardPlaces } from '../../src/sandbox/guard-profile.ts';
import type { Rule } from './entries-below.ts';
import type { Variables } from './places.ts';

/** Everything else in HOME is closed, and so are the contents of the second kind. */
const OPEN_AT_HOME = [
  ...[
    'work',
    '.cache',
    '.npm',
    '.cargo',
    '.claude',
    '.codex',
    '.gemini',
    '.config/tool',
    '.local/share/tool',
  ],
  ...['.local/state', '.local/share/pnpm/store', '.docker/buildx'],
];
const CLOSED_AT_HOME = [
  ...['.cargo/bin', '.cargo/env', '.claude/settings.json', '.claude/hooks', '.claude/projects/a/memory'],
  ...['.codex/config.toml', '.codex/rules', '.codex/skills/mine', '.gemini/GEMINI.md', '.gemini/extensions'],
];

/** Paths that a session may write to, independent of the tested profile. */
export function rulesOf(
  { session, home, configFolder, programs, openings }: GuardPlaces,
  { ORIGIN }: Variables,
): Rule[] {
  if (session === undefined) return [];
  const { worktree, gitDir, sessionDir, git } = session;
  return [
    ...OPEN_AT_HOME.map((name): Rule => [join(home.dir, name), true]),
    ...CLOSED_AT_HOME.map((name): Rule => [join(home.dir, name), false]),
    [ORIGIN, true],
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
