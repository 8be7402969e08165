import { runCommand } from '../base/run-command.ts';
import { gitLine, runGit } from '../project/git.ts';
import { nodePath } from '../providers/node-path.ts';

/** What must be the same before and after a session: the person's own checkout. */
export interface Checkout {
  head: string;
  branch: string;
  /** `git status --porcelain`, ignored files left out. */
  status: string;
}

type Env = Record<string, string>;

export async function readCheckout(repo: string, env: Env): Promise<Checkout> {
  const options = { cwd: repo, baseEnv: env };
  return {
    head: await gitLine(['rev-parse', 'HEAD'], options),
    branch: await gitLine(['symbolic-ref', '--short', 'HEAD'], options),
    status: (await runGit(['status', '--porcelain', '--untracked-files=all'], options)).stdout,
  };
}

export interface BranchWork {
  commits: { hash: string; subject: string }[];
  diffStat: string;
  /** Files that are changed and not committed. */
  uncommitted: string;
}

/** What a branch holds beyond the commit that it began at. */
export async function readBranchWork(worktree: string, base: string, env: Env): Promise<BranchWork> {
  const options = { cwd: worktree, baseEnv: env };
  const log = await gitLine(['log', '--reverse', '--format=%h %s', `${base}..HEAD`], options);
  return {
    commits: log.split('\n').filter(Boolean).map(commitFrom),
    diffStat: (await runGit(['diff', '--stat=76', base, 'HEAD'], options)).stdout.trimEnd(),
    uncommitted: await gitLine(['status', '--porcelain'], options),
  };
}

function commitFrom(line: string): { hash: string; subject: string } {
  const [hash = '', ...subject] = line.split(' ');
  return { hash, subject: subject.join(' ') };
}

export interface TestRun {
  exitCode: number | null;
  passed: number;
  failed: number;
}

/** Runs the project's own tests where the branch is checked out. */
export async function runTests(worktree: string, env: Env): Promise<TestRun> {
  const { exitCode, stdout } = await runCommand(await nodePath(env), ['--test', '--test-reporter=tap'], {
    cwd: worktree,
    env,
    timeoutMs: 60_000,
  });
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
  return { exitCode, passed: count('pass'), failed: count('fail') };
}

/**
 * Tries the feature itself: an item that is dropped must come back.
 * @returns the new command's name, or undefined when there is none or it does not work
 */
export async function tryTakingBack(
  worktree: string,
  boatFile: string,
  env: Env,
): Promise<string | undefined> {
  const boat = async (...words: string[]) => {
    const options = { cwd: worktree, env: { ...env, BOAT_FILE: boatFile }, timeoutMs: 20_000 };
    return (await runCommand(await nodePath(env), ['src/cli.js', ...words], options)).stdout;
  };
  const known = new Set(['add', 'done', 'drop', 'list']);
  const usage = (await boat('what-is-there')).replace(/^boat /, '');
  const command = usage
    .split('|')
    .map((part) => part.trim().split(/\s/)[0] ?? '')
    .find((word) => /^[a-z][a-z-]*$/.test(word) && !known.has(word));
  if (!command) return undefined;
  await boat('add', 'A thing that matters');
  await boat('drop', '1');
  await boat(command);
  return (await boat('list')).includes('A thing that matters') ? command : undefined;
}
