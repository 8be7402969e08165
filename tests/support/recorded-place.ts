import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemHost } from '../../src/base/processes/host.ts';
import { runCommand } from '../../src/base/processes/run-command.ts';
import { builtPrograms } from './built-programs.ts';
import { tempDir } from './temp-dir.ts';

/** A temporary folder as an earlier release left it: text by path, links by path, and repositories as bundles. */
interface Recording {
  /** The release and the session's moment, for people. */
  about: string;
  files: Record<string, string>;
  links: Record<string, string>;
  /** What `git` needs beside the bundle. */
  repository?: { path: string; exclude: string; worktrees: { path: string; branch: string }[] };
}

export interface UnpackedPlace extends AsyncDisposable {
  root: string;
  home: string;
  repo: string;
  env: Record<string, string>;
}

/**
 * Text that differs between machines and runs, and the placeholder that a recording carries instead. The
 * order matters: the longest first.
 */
async function placeholders(root: string): Promise<[text: string, placeholder: string][]> {
  const { worker } = await builtPrograms();
  const host = await systemHost();
  const pairs: [string, string][] = [
    [dirname(worker), '@PROGRAMS@'],
    [join(import.meta.dirname, '../..'), '@CHECKOUT@'],
    [root, '@ROOT@'],
    [process.execPath, '@NODE@'],
    [host.bootId, '@BOOT@'],
    [host.hostId, '@HOST@'],
    [host.pidNamespace, '@PID_NAMESPACE@'],
  ];
  return pairs.sort(([one], [other]) => other.length - one.length);
}

/** Records everything below `root` but git folders and the content of working trees, which a bundle carries. */
export async function recordPlace(
  root: string,
  target: string,
  { about, repo, skip }: { about: string; repo?: string; skip?: RegExp },
): Promise<void> {
  const pairs = await placeholders(root);
  const masked = (text: string) => pairs.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const worktrees = repo ? await worktreesOf(join(root, repo)) : [];
  const recording: Recording = { about, files: {}, links: {} };
  await mkdir(dirname(target), { recursive: true });
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isGit = path.includes('/.git/') || path.endsWith('/.git');
    const name = path.slice(root.length + 1);
    if (isGit || skip?.test(name) || worktrees.some((tree) => path.startsWith(`${tree.path}/`))) continue;
    if (entry.isSymbolicLink()) recording.links[name] = masked(await readlink(path));
    else if (entry.isFile()) recording.files[name] = shortened(name, masked(await readFile(path, 'utf8')));
  }
  if (repo) {
    const exclude = await readFile(join(root, repo, '.git/info/exclude'), 'utf8');
    const below = worktrees.map(({ path, branch }) => ({ path: path.slice(root.length + 1), branch }));
    recording.repository = { path: repo, exclude, worktrees: below };
    await git(['bundle', 'create', '--quiet', `${target}.bundle`, '--all'], join(root, repo));
  }
  await writeFile(`${target}.json`, `${JSON.stringify(recording, null, 1)}\n`);
}

/** What agents and chats are given to read is there, but its words are not what a recording is for. */
function shortened(name: string, text: string): string {
  return /(skills|agents|commands)\/.*\.(md|toml)$/.test(name) ? `${text.split('\n')[0]}\n` : text;
}

/** Lays a recording out in a folder of its own, as if that machine's disk had come here. */
export async function unpackPlace(
  target: string,
  replaced: Readonly<Record<string, string>> = {},
): Promise<UnpackedPlace> {
  const recording: Recording = JSON.parse(await readFile(`${target}.json`, 'utf8'));
  const dir = await tempDir();
  const root = dir.path;
  const pairs = await placeholders(root);
  const real = (text: string) => pairs.reduce((all, [to, from]) => all.replaceAll(from, to), text);
  const repo = join(root, recording.repository?.path ?? 'repo');
  if (recording.repository) await restoreRepository(`${target}.bundle`, root, recording.repository);
  // The log last, as it was written: a log older than how an agent ended is taken for a forged one.
  const files = Object.entries({ ...recording.files, ...replaced });
  const isLog = ([name]: [string, string]) => name.endsWith('/events.jsonl');
  for (const [name, text] of [...files.filter((file) => !isLog(file)), ...files.filter(isLog)]) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, real(text), { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  for (const [name, to] of Object.entries(recording.links)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await symlink(real(to), join(root, name));
  }
  const home = join(root, 'home');
  await mkdir(home, { recursive: true });
  const env = { PATH: process.env.PATH ?? '', HOME: home, SAMOCODE_SUPERVISOR: 'off' };
  return { root, home, repo, env, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

async function restoreRepository(
  bundle: string,
  root: string,
  { path, exclude, worktrees }: NonNullable<Recording['repository']>,
): Promise<void> {
  const repo = join(root, path);
  await mkdir(repo, { recursive: true });
  await git(['init', '--quiet', '-b', 'main'], repo);
  await git(['config', 'user.name', 'Test Person'], repo);
  await git(['config', 'user.email', 'test@example.invalid'], repo);
  await git(['fetch', '--quiet', '--update-head-ok', bundle, '+refs/*:refs/*'], repo);
  await git(['reset', '--quiet', '--hard'], repo);
  await writeFile(join(repo, '.git/info/exclude'), exclude);
  for (const tree of worktrees)
    await git(['worktree', 'add', '--quiet', join(root, tree.path), tree.branch], repo);
}

/** The linked worktrees alone. */
async function worktreesOf(repo: string): Promise<{ path: string; branch: string }[]> {
  const listed = await git(['worktree', 'list', '--porcelain'], repo);
  const blocks = listed.split('\n\n').slice(1).filter(Boolean);
  return blocks.map((block) => ({
    path: /^worktree (.*)$/m.exec(block)?.[1] ?? '',
    branch: /^branch refs\/heads\/(.*)$/m.exec(block)?.[1] ?? '',
  }));
}

async function git(args: readonly string[], cwd: string): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: cwd };
  const { exitCode, stdout, stderr } = await runCommand('git', args, { cwd, env });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
}
