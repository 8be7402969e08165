import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { type GitOptions, gitLine, runGit } from '../git/git.ts';
import { PROJECT_ERRORS } from '../git/project-errors.ts';
import { type GitContext, readRepository, requireIdentity, takesInEverything } from '../git/repository.ts';

/** A larger first commit is most likely a mistake: dependencies, data, build output. */
const MAX_FILES = 10_000;
const MAX_BYTES = 200 * 1024 * 1024;

/**
 * With the user's consent: creates the folder, runs `git init` and commits all files that are not ignored, except
 * `.env` files. Does nothing if there is a commit, and continues where an earlier call failed.
 * @returns what was done, one sentence each
 */
export async function initRepository(
  folder: string,
  { homeDir, ...context }: GitContext & { homeDir: string },
): Promise<string[]> {
  const done: string[] = [];
  const reading = await readRepository(folder, context);
  if (reading.kind === 'ready' || reading.kind === 'bare') return done;
  if (reading.kind === 'none') {
    // An existing repository that git refuses to open is the user's.
    if (reading.reason) throw reading.reason;
    if (takesInEverything(folder, homeDir))
      throw PROJECT_ERRORS.not_a_repository({ folder, problem: 'too_wide' });
    // "git init" would change it.
    if (statsAt(join(folder, '.git')) !== undefined)
      throw PROJECT_ERRORS.not_a_repository({ folder, problem: 'broken' });
    if (await mkdir(folder, { recursive: true })) done.push(`Created the folder ${folder}.`);
  }
  await requireIdentity(folder, context);
  const options = { ...context, cwd: folder };
  if (reading.kind === 'none') {
    await runGit(['init', '--quiet', ...(await firstBranch(options))], options);
    done.push(`Created a git repository in ${folder}.`);
  }
  await refuseTooMuch(folder, context);
  await runGit(
    ['add', '--all', '--', '.', ':(exclude,glob)**/.env', ':(exclude,glob)**/.env.local'],
    options,
  );
  await runGit(['commit', '--quiet', '--allow-empty', '--no-verify', '-m', 'First commit'], options);
  done.push('Made the first commit.');
  return done;
}

async function firstBranch(options: GitOptions): Promise<string[]> {
  const ask = ['config', '--get', 'init.defaultBranch'];
  return (await gitLine(ask, { ...options, allowFailure: true })) ? [] : ['--initial-branch=main'];
}

async function refuseTooMuch(folder: string, context: GitContext): Promise<void> {
  const list = ['ls-files', '--others', '--cached', '--exclude-standard', '-z'];
  const { stdout } = await runGit(list, { ...context, cwd: folder });
  const names = stdout.split('\0').filter(Boolean);
  if (names.length > MAX_FILES)
    throw PROJECT_ERRORS.first_commit_too_large({ folder, size: `${names.length} files` });
  let bytes = 0;
  for (const name of names) {
    bytes += (await ifExists(stat(join(folder, name))))?.size ?? 0;
    if (bytes > MAX_BYTES)
      throw PROJECT_ERRORS.first_commit_too_large({
        folder,
        size: `more than ${MAX_BYTES / 1024 / 1024} MB`,
      });
  }
}
