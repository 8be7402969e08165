import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { ifExists } from '../../base/errors.ts';

/** Something outside of us that people would take for us. */
export interface Leftover {
  path: string;
  /** Where a link leads. */
  target?: string;
  /** A link into a checkout of the original Python samocode: what may be removed on request. */
  isPythonLink: boolean;
  /** In a sentence for people. */
  words: string;
}

const LINK_FOLDERS = [
  '.claude/agents',
  '.claude/skills',
  '.claude/commands',
  '.codex/skills',
  '.codex/prompts',
  '.agents/skills',
];
/** How far above a link's target its checkout may begin. */
const MAX_DEPTH = 5;

/** Links of the Python edition in the clients' folders, and other programs called samocode on PATH. */
export async function findLeftovers(context: ActionContext): Promise<Leftover[]> {
  const folders = LINK_FOLDERS.map((folder) => join(context.home, folder));
  const inFolders = await Promise.all(folders.map(pythonLinksIn));
  return [...inFolders.flat(), ...(await otherPrograms(context))];
}

/** Removes links, never what they lead to. @returns those that were removed */
export async function removePythonLinks(found: readonly Leftover[]): Promise<Leftover[]> {
  const removed: Leftover[] = [];
  for (const leftover of found.filter(({ isPythonLink }) => isPythonLink)) {
    // Looked at again: between the finding and the yes it may have become something else.
    if ((await ifReachable(readlink(leftover.path))) !== leftover.target) continue;
    // One that may not be removed is told of further on.
    if ((await ifReachable(rm(leftover.path).then(() => true))) === true) removed.push(leftover);
  }
  return removed;
}

async function pythonLinksIn(folder: string): Promise<Leftover[]> {
  const entries = (await ifReachable(readdir(folder, { withFileTypes: true }))) ?? [];
  const links = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(folder, entry.name));
  const found = await Promise.all(links.map(pythonLink));
  return found.filter((link) => link !== undefined);
}

async function pythonLink(path: string): Promise<Leftover | undefined> {
  const target = await ifReachable(readlink(path));
  if (target === undefined) return undefined;
  const checkout = await pythonCheckout(resolve(dirname(path), target));
  if (checkout === undefined) return undefined;
  const words = `${path} is a link of the Python samocode in ${checkout}; clients would show its texts beside the new ones.`;
  return { path, target, isPythonLink: true, words };
}

/** The folder of the Python edition that a path lies in. A folder that is gone is known by its name alone. */
async function pythonCheckout(path: string): Promise<string | undefined> {
  let folder = path;
  for (let depth = 0; depth < MAX_DEPTH && folder !== dirname(folder); depth += 1) {
    folder = dirname(folder);
    if (!/samocode/i.test(basename(folder))) continue;
    // One that may not be entered is there, and nothing is known of it.
    const names = await ifExists(readdir(folder)).catch((): string[] => []);
    if (names === undefined) return folder;
    const isPython = names.some(
      (name) => name.endsWith('.py') || ['pyproject.toml', 'worker'].includes(name),
    );
    if (isPython && !names.includes('package.json')) return folder;
  }
  return undefined;
}

async function otherPrograms({ env, programs }: ActionContext): Promise<Leftover[]> {
  const ours = join(dirname(programs.worker), 'samocode.js');
  const folders = [...new Set((env.PATH ?? '').split(delimiter).filter(isAbsolute))];
  const found = await Promise.all(folders.map((folder) => otherProgram(join(folder, 'samocode'), ours)));
  return found.filter((program) => program !== undefined);
}

async function otherProgram(path: string, ours: string): Promise<Leftover | undefined> {
  const real = await ifReachable(realpath(path));
  const target = await ifReachable(readlink(path));
  if (real === undefined && target === undefined) return undefined;
  if (real !== undefined && (real === (await ifReachable(realpath(ours))) || (await isOfOurPackage(real))))
    return undefined;
  const link = target === undefined ? undefined : await pythonLink(path);
  if (link) return link;
  const words = `${path} is another program called samocode; the first in PATH is started.`;
  return { path, target, isPythonLink: false, words };
}

/** Also another copy of this package, such as the one that npm installed for everybody. */
async function isOfOurPackage(program: string): Promise<boolean> {
  const manifest = await ifReachable(readFile(join(dirname(program), '../package.json'), 'utf8'));
  return manifest?.includes('"samocode-mcp"') ?? false;
}

/** Nothing where the system refuses, for whatever reason: a folder that may not be entered holds up no other. */
async function ifReachable<T>(read: Promise<T>): Promise<T | undefined> {
  return await read.catch(() => undefined);
}
