import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { listed, shownText } from '../../kernel/text.ts';
import { configValue } from '../git/config.ts';
import { type GitOptions, runGit } from '../git/git.ts';
import { REPOSITORY_ERRORS } from '../git/git-errors.ts';
import { listing, namesIn, pathAt, rawBytes, readable } from '../git/path-bytes.ts';
import { type GitContext, readRepository, requireIdentity, takesInEverything } from '../git/repository.ts';
import { isSecretFile } from './secret-files.ts';
import { WORKTREE_ERRORS } from './worktree-errors.ts';

/** A larger first commit is most likely a mistake: dependencies, data, build output. */
const MAX_FILES = 10_000;
const MAX_BYTES = 200 * 1024 * 1024;

/**
 * With the user's consent: creates the folder, runs `git init` and commits all files that are not ignored, except
 * those that most likely hold secrets, which it names. Does nothing if there is a commit, and continues where an earlier call failed.
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
      throw REPOSITORY_ERRORS.not_a_repository({ folder, problem: 'too_wide' });
    // "git init" would change it.
    if (statsAt(join(folder, '.git')) !== undefined)
      throw REPOSITORY_ERRORS.not_a_repository({ folder, problem: 'broken' });
    if (makeFolder(folder)) done.push(`Created the folder ${folder}.`);
  }
  await requireIdentity(folder, context);
  const options = { ...context, cwd: folder };
  if (reading.kind === 'none') {
    await runGit(['init', '--quiet', ...(await firstBranch(options))], options);
    done.push(`Created a git repository in ${folder}.`);
  }
  const leftOut = await secretFiles(folder, await firstFiles(folder, context));
  if (leftOut.length > 0) {
    // The user may have staged one.
    const input = paths(leftOut.map((name) => `:(literal)${name}`));
    await runGit(['rm', '--cached', '--force', '--quiet', '--ignore-unmatch', ...FROM_INPUT], {
      ...options,
      input,
    });
  }
  const input = paths(['.', ...leftOut.map((name) => `:(exclude,literal)${name}`)]);
  await runGit(['add', '--all', ...FROM_INPUT], { ...options, input });
  await runGit(['commit', '--quiet', '--allow-empty', '--no-verify', '-m', 'First commit'], options);
  return [...done, 'Made the first commit.', ...aboutLeftOut(leftOut)];
}

const FROM_INPUT = ['--pathspec-from-file=-', '--pathspec-file-nul'];

function paths(names: readonly string[]): Buffer {
  return rawBytes(names.map((name) => `${name}\0`).join(''));
}

const MAX_NAMED = 10;

function aboutLeftOut(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const named = listed(
    names.map((name) => shownText(readable(name))),
    MAX_NAMED,
  );
  return [`Left out of it what may hold secrets: ${named}. To have one in it, commit it with git.`];
}

const MAX_READ = 1024 * 1024;

async function secretFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const read = () => plainText(join(folder, readable(name)), MAX_READ).catch(() => undefined);
    if (await isSecretFile(name, read)) found.push(name);
  }
  return found.sort();
}

async function firstBranch(options: GitOptions): Promise<string[]> {
  return (await configValue('init.defaultBranch', options)) ? [] : ['--initial-branch=main'];
}

/** @throws if there are too many, or they are too large */
async function firstFiles(folder: string, context: GitContext): Promise<string[]> {
  const list = ['ls-files', '--others', '--cached', '--exclude-standard', '-z'];
  const names = namesIn((await runGit(list, listing({ ...context, cwd: folder }))).stdout);
  if (names.length > MAX_FILES)
    throw WORKTREE_ERRORS.first_commit_too_large({ folder, size: `${names.length} files` });
  let bytes = 0;
  for (const name of names) {
    bytes += (await ifExists(stat(pathAt(folder, name))))?.size ?? 0;
    if (bytes > MAX_BYTES)
      throw WORKTREE_ERRORS.first_commit_too_large({
        folder,
        size: `more than ${MAX_BYTES / 1024 / 1024} MB`,
      });
  }
  return names;
}
