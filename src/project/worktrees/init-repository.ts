import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifExists, systemErrorCode } from '../../base/errors.ts';
import { gitLine, runGit } from '../git/git.ts';
import { PROJECT_ERRORS } from '../git/project-errors.ts';
import {
  commitOf,
  type GitContext,
  readRepository,
  requireIdentity,
  takesInEverything,
} from '../git/repository.ts';
import { makeFolder, type UndoList } from '../git/undo-list.ts';

/** Above this a first commit is most likely not what the person thinks of: dependencies, data, build results. */
const MAX_FILES = 10_000;
const MAX_BYTES = 200 * 1024 * 1024;

/**
 * After the person's yes: the folder, `git init` and a first commit of what no ignore file leaves out,
 * `.env` files aside. Does nothing where there is a commit.
 * @returns what was done, a sentence each
 * @throws no_git_identity, first_commit_too_large, not_a_repository, GitError
 */
export async function initRepository(
  folder: string,
  { homeDir, undo, ...context }: GitContext & { homeDir: string; undo: UndoList },
): Promise<string[]> {
  const done: string[] = [];
  if (await makeFolder(folder, undo)) done.push(`Created the folder ${folder}.`);
  const reading = await readRepository(folder, context);
  if (reading.kind === 'ready' || reading.kind === 'bare') return done;
  if (reading.kind === 'none') {
    // One that is there and that git will not open is a person's.
    if (reading.reason) throw reading.reason;
    if (takesInEverything(folder, homeDir))
      throw PROJECT_ERRORS.not_a_repository({ folder, problem: 'too_wide' });
    await claimGitDir(folder);
    undo.push(() => removeUnused(folder, context));
    await runGit(['init', '--quiet', ...(await firstBranch(folder, context))], { ...context, cwd: folder });
    done.push(`Created a git repository in ${folder}.`);
  }
  await requireIdentity(folder, context);
  await refuseTooMuch(folder, context);
  const options = { ...context, cwd: folder };
  await runGit(
    ['add', '--all', '--', '.', ':(exclude,glob)**/.env', ':(exclude,glob)**/.env.local'],
    options,
  );
  await runGit(['commit', '--quiet', '--allow-empty', '--no-verify', '-m', 'First commit'], options);
  const made = await commitOf('HEAD', options);
  // Somebody else's first commit may have come just before ours, and theirs may come upon ours: those stay.
  if (made !== undefined && (await commitOf('HEAD^1', options)) === undefined)
    undo.push(() => runGit(['update-ref', '-d', 'HEAD', made], options));
  done.push('Made the first commit.');
  return done;
}

/**
 * Makes the empty folder of the repository to be: only who made it may take it away again. "git init" itself repairs
 * nothing that is there, and does not tell whether it was.
 */
async function claimGitDir(folder: string): Promise<void> {
  try {
    await mkdir(join(folder, '.git'));
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    throw PROJECT_ERRORS.not_a_repository({ folder, problem: 'broken' });
  }
}

/** Another process may have found our repository, and have committed to it. */
async function removeUnused(folder: string, context: GitContext): Promise<void> {
  const format = ['for-each-ref', '--count=1', '--format=%(refname)'];
  if (await gitLine(format, { ...context, cwd: folder, allowFailure: true })) return;
  await rm(join(folder, '.git'), { recursive: true, force: true });
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
