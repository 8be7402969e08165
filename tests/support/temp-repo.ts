import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { type TempDir, tempDir, writeBelow } from './temp-dir.ts';

export interface TempRepo extends AsyncDisposable {
  /** The temporary folder that contains everything: `repo/`, `home/` and what a test puts next to them. */
  root: string;
  /** The repository's working folder. */
  path: string;
  /** A separate HOME; no test reads the person's git settings. */
  homeDir: string;
  /** The environment for the code under test: PATH, that HOME, no supervisor, and `root` as OUTSIDE; nothing else. */
  env: Record<string, string>;
  /** Runs git in the repository (or in `cwd`) and returns its trimmed stdout. @throws if git fails */
  git(args: readonly string[], cwd?: string): Promise<string>;
  /** Writes files, and their folders. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Writes files and commits everything. @returns the commit's hash */
  commit(subject: string, files?: Readonly<Record<string, string>>): Promise<string>;
}

/** Arguments of git for a commit in a repository without `user.name` and `user.email`. */
export const IDENTITY = ['-c', 'user.name=x', '-c', 'user.email=x@example.invalid'] as const;

export interface RepoPlan {
  /** Content of the first commit, path to text. */
  files?: Readonly<Record<string, string>>;
  /** Further commits, oldest first. */
  commits?: ReadonlyArray<{ subject: string; files: Readonly<Record<string, string>> }>;
  /** Name of the folder: spaces and non-ASCII letters must work everywhere. */
  folder?: string;
  branch?: string;
  /** Further branches, at the last commit. */
  also?: readonly string[];
  /** No commit at all. */
  empty?: boolean;
  /** Further lines of the repository's settings, present before its first commit. */
  settings?: string;
  /** No user.name and user.email. */
  anonymous?: boolean;
  /** The hash algorithm of objects; SHA-1 by default. */
  objectFormat?: 'sha256';
  /** Changes the repository once it has its commits, before a project is set up in it. */
  rearrange?(repo: TempRepo): Promise<unknown>;
}

/** Names the repository, created once per run, that `makeRepo` copies if its plan asks for nothing else. */
export const PLAIN_REPOSITORY = 'SAMOCODE_TEST_REPOSITORY';

/** Whether its first commit is the one of every plain repository. */
export function isPlain({ empty, files, branch, objectFormat, rearrange }: RepoPlan): boolean {
  return !empty && !files && !branch && !objectFormat && !rearrange;
}

const USER_SECTION = '[user]\n\tname = Test Person\n\temail = test@example.invalid\n';

/** A real git repository in a temporary folder, with an identity and a separate HOME. */
export async function makeRepo(plan: RepoPlan = {}): Promise<TempRepo> {
  const { files = { 'README.md': '# A project\n' }, commits = [], folder = 'repo', branch = 'main' } = plan;
  const repo = repoIn(await tempDir(), folder);
  const { git, commit } = repo;
  await mkdir(repo.path, { recursive: true });
  await mkdir(repo.homeDir);
  const copied = process.env[PLAIN_REPOSITORY];
  if (copied !== undefined && isPlain(plan)) {
    await cp(copied, repo.path, { recursive: true, preserveTimestamps: true });
    await git(['update-index', '-q', '--refresh']);
  } else {
    await git(['init', '--quiet', '-b', branch, `--object-format=${plan.objectFormat ?? 'sha1'}`]);
    // Like `git config`, without two processes for each of some thousand repositories.
    await appendFile(join(repo.path, '.git/config'), `${USER_SECTION}${plan.settings ?? ''}`);
    if (!plan.empty) await commit('First commit', files);
  }
  for (const each of commits) await commit(each.subject, each.files);
  for (const each of plan.also ?? []) await git(['branch', each]);
  if (plan.anonymous) await git(['config', '--remove-section', 'user']);
  await plan.rearrange?.(repo);
  return repo;
}

/** A repository as another one is now, with what lies beside it; its settings name the new folder. */
export async function copyRepo(original: TempRepo): Promise<TempRepo> {
  const dir = await tempDir();
  await cp(original.root, dir.path, { recursive: true, preserveTimestamps: true });
  const repo = repoIn(dir, basename(original.path));
  const settings = join(repo.path, '.git/config');
  await writeFile(settings, (await readFile(settings, 'utf8')).replaceAll(original.root, dir.path));
  await repo.git(['update-index', '-q', '--refresh']);
  return repo;
}

/** The repository that is, or will be, in a temporary folder. */
export function repoIn(dir: TempDir, folder = 'repo'): TempRepo {
  const path = join(dir.path, folder);
  const homeDir = join(dir.path, 'home');
  const own = {
    HOME: homeDir,
    SAMOCODE_SUPERVISOR: 'off',
    KEEP_AWAKE: 'no',
    SAMOCODE_CODE_CACHE: 'off',
    OUTSIDE: dir.path,
  };
  const env = { PATH: process.env.PATH ?? '', ...own };

  async function git(args: readonly string[], cwd = path): Promise<string> {
    const { exitCode, stdout, stderr } = await runCommand('git', args, { cwd, env });
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  }
  const write = (content: Readonly<Record<string, string>>) => writeBelow(path, content);
  async function commit(subject: string, content: Readonly<Record<string, string>> = {}): Promise<string> {
    await write(content);
    await git(['add', '-A']);
    await git(['commit', '--quiet', '--allow-empty', '-m', subject]);
    return await git(['rev-parse', 'HEAD']);
  }

  return {
    root: dir.path,
    path,
    homeDir,
    env,
    git,
    write,
    commit,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
