import { join } from 'node:path';
import { gitDirOf, sharedDirOf } from '../base/git-pointer.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { realPathAsFar } from './real-path.ts';

export interface RefFiles {
  /** The worktree's own git folder. */
  gitDir: string;
  /** The commit that a name stands for; undefined when there is none. */
  commitAt(name: string): Promise<string | undefined>;
}

/**
 * Refs by plain reads, which start no program. Only for the time when nothing else changes them.
 * @returns undefined where git keeps them otherwise, or the folder is no worktree of this repository: ask git
 */
export async function openRefFiles(commonDir: string, worktreePath: string): Promise<RefFiles | undefined> {
  const gitDir = await gitDirOf(worktreePath);
  const shared = gitDir && (await sharedDirOf(gitDir));
  if (gitDir === undefined || shared === undefined) return undefined;
  const isOurs = (await realPathAsFar(shared)) === (await realPathAsFar(commonDir));
  // Another way to keep refs (reftable) stands in a folder of its own.
  if (!isOurs || (await readText(join(commonDir, 'HEAD'))) === 'ref: refs/heads/.invalid') return undefined;
  return { gitDir, commitAt: (name) => commitAt(commonDir, gitDir, name) };
}

/** The commit that is checked out in a repository of its own, a submodule for one; undefined where none can be read. */
export async function headOfRepository(folder: string): Promise<string | undefined> {
  const gitDir = (await gitDirOf(folder)) ?? join(folder, '.git');
  return await commitAt((await sharedDirOf(gitDir)) ?? gitDir, gitDir, 'HEAD').catch(() => undefined);
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** What lies in the shared folder; others belong to one worktree. */
const SHARED = /^refs\/(?!bisect\/|worktree\/|rewritten\/)[^\0]+$/;
const MAX_LINKS = 5;
const MAX_BYTES = 64 * 1024 * 1024;

async function commitAt(commonDir: string, gitDir: string, name: string): Promise<string | undefined> {
  let at = name;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    if (at !== 'HEAD' && (!SHARED.test(at) || at.split('/').includes('..'))) throw new OddRefError(at);
    const text = await readText(join(at === 'HEAD' ? gitDir : commonDir, at));
    if (text === undefined) return await packedAt(commonDir, at);
    if (COMMIT.test(text)) return text;
    const next = /^ref: (.+)$/.exec(text)?.[1];
    if (next === undefined) throw new OddRefError(at);
    at = next;
  }
  throw new OddRefError(name);
}

async function packedAt(commonDir: string, name: string): Promise<string | undefined> {
  const reading = await readPlainFile(join(commonDir, 'packed-refs'), MAX_BYTES);
  if (reading.kind === 'missing') return undefined;
  if (reading.kind === 'unusable') throw new OddRefError(name);
  const packed = reading.bytes.toString('latin1');
  const at = packed.indexOf(` ${Buffer.from(name).toString('latin1')}\n`);
  const commit = at === -1 ? '' : packed.slice(packed.lastIndexOf('\n', at) + 1, at);
  return COMMIT.test(commit) ? commit : undefined;
}

async function readText(path: string): Promise<string | undefined> {
  // A folder stands there for a ref that others lie below; a pipe is not waited for.
  const reading = await readPlainFile(path, MAX_BYTES);
  return reading.kind === 'bytes' ? reading.bytes.toString('utf8').replace(/\s+$/, '') : undefined;
}

/** git may know what to make of it. */
class OddRefError extends Error {
  constructor(name: string) {
    super(`"${name}" can't be read by plain means.`);
  }
}
