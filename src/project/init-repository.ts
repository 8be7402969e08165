import { lstat, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { gitLine, runGit } from './git.ts';
import type { GitError } from './git-error.ts';
import { type GitContext, NotARepositoryError, readRepository, requireIdentity } from './repository.ts';
import type { UndoList } from './undo-list.ts';

/** Above this a first commit is most likely not what the person thinks of: dependencies, data, build results. */
const MAX_FILES = 10_000;
const MAX_BYTES = 200 * 1024 * 1024;

/**
 * After the person's yes: the folder, `git init` and a first commit of what no ignore file leaves out,
 * `.env` files aside. Does nothing where there is a commit.
 * @returns what was done, a sentence each
 * @throws NoIdentityError, TooMuchForFirstCommitError, NotARepositoryError, GitError
 */
export async function initRepository(
  folder: string,
  { homeDir, undo, ...context }: GitContext & { homeDir: string; undo: UndoList },
): Promise<string[]> {
  const done: string[] = [];
  if (!(await ifExists(stat(folder)))) {
    const first = await mkdir(folder, { recursive: true });
    if (first) undo.push(() => rm(first, { recursive: true }));
    done.push(`Made the folder ${folder}.`);
  }
  const reading = await readRepository(folder, context);
  if (reading.kind === 'ready' || reading.kind === 'bare') return done;
  if (reading.kind === 'none') {
    await refuseUnopened(folder, reading);
    if (folder === homeDir || folder === parse(folder).root) {
      throw new NotARepositoryError(folder, {
        why: 'A repository over the whole home folder or disk would take in everything.',
        hint: 'Choose another folder, that of one project.',
      });
    }
    undo.push(() => rm(join(folder, '.git'), { recursive: true, force: true }));
    await runGit(['init', '--quiet', ...(await firstBranch(folder, context))], { ...context, cwd: folder });
    done.push(`Made a git repository in ${folder}.`);
  }
  await requireIdentity(folder, context);
  await refuseTooMuch(folder, context);
  const options = { ...context, cwd: folder };
  await runGit(
    ['add', '--all', '--', '.', ':(exclude,glob)**/.env', ':(exclude,glob)**/.env.local'],
    options,
  );
  undo.push(() => runGit(['update-ref', '-d', 'HEAD'], { ...options, allowFailure: true }));
  await runGit(['commit', '--quiet', '--allow-empty', '--no-verify', '-m', 'First commit'], options);
  done.push('Made a first commit.');
  return done;
}

/** One that is there and that git will not open is a person's: "git init" mends nothing, and taking it back would take theirs. */
async function refuseUnopened(folder: string, { reason }: { reason?: GitError }): Promise<void> {
  if (reason) throw reason;
  if (!(await ifExists(lstat(join(folder, '.git'))))) return;
  throw new NotARepositoryError(folder, {
    why: 'There is a .git in it that git does not take for a repository.',
    hint: 'Mend it, or put it away: "git status" there says what is wrong.',
  });
}

async function firstBranch(folder: string, context: GitContext): Promise<string[]> {
  const cwd = (await ifExists(stat(folder))) ? folder : dirname(folder);
  const configured = await gitLine(['config', '--get', 'init.defaultBranch'], {
    ...context,
    cwd,
    allowFailure: true,
  });
  return configured ? [] : ['--initial-branch=main'];
}

async function refuseTooMuch(folder: string, context: GitContext): Promise<void> {
  const list = ['ls-files', '--others', '--cached', '--exclude-standard', '-z'];
  const { stdout } = await runGit(list, { ...context, cwd: folder });
  const names = stdout.split('\0').filter(Boolean);
  if (names.length > MAX_FILES) throw new TooMuchForFirstCommitError(folder, `${names.length} files`);
  let bytes = 0;
  for (const name of names) {
    bytes += (await ifExists(stat(join(folder, name))))?.size ?? 0;
    if (bytes > MAX_BYTES)
      throw new TooMuchForFirstCommitError(folder, `more than ${MAX_BYTES / 1024 / 1024} MB`);
  }
}

class TooMuchForFirstCommitError extends SamocodeError {
  readonly code = 'first_commit_too_large';

  constructor(folder: string, size: string) {
    super(
      `No first commit was made in ${folder}.`,
      `It would hold ${size}, which looks like dependencies or data.`,
      'Write a .gitignore, or make the first commit by hand, then try again.',
    );
  }
}
