import { runGit } from '../project/git.ts';
import type { SessionView } from '../session/status.ts';
import type { Cli } from './cli.ts';
import { cutToColumns } from './columns.ts';
import { oneLine } from './style.ts';

/** What a session has committed, and how to look at it and take it over; empty while there is nothing. */
export async function workWords(
  { state: { worktree }, sessionFile }: SessionView,
  cli: Cli,
): Promise<string> {
  if (!worktree || !sessionFile) return '';
  const options = { cwd: sessionFile.mainRepo, baseEnv: cli.env, allowFailure: true, maxChars: 200_000 };
  const range = `${worktree.baseCommit}..${worktree.branch}`;
  const { exitCode, stdout } = await runGit(['log', '--reverse', '--format=%h %s', range], options);
  const commits = stdout.split('\n').filter(Boolean);
  if (exitCode !== 0 || commits.length === 0) return '';
  const { dim, accent } = cli.output.style;
  const shown = commits
    .slice(-20)
    .map((line) => cutToColumns(`  ${oneLine(line, 100)}`, cli.output.textColumns));
  return [
    '',
    `${commits.length} commit${commits.length === 1 ? '' : 's'} on ${worktree.branch}:`,
    ...shown,
    '',
    `${dim('look at it  ')} ${accent(`git diff ${worktree.base}...${worktree.branch}`)}`,
    `${dim('take it over')} ${accent(`git merge ${worktree.branch}`)}`,
  ].join('\n');
}
