import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { ulid } from 'ulid';
import { ifExists } from '../../src/core/kernel/errors.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';
import { supervisorPaths } from '../../src/core/sandbox/programs/supervisor-folder.ts';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import { sessionFolders } from '../../src/core/session/folder/session-list.ts';
import { refNameOf } from '../../src/core/session/layout/names.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { readSessionFile } from '../../src/core/session/log/read-session-file.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

export interface CopiedSession {
  dir: TempDir;
  paths: SessionPaths;
  file: SessionFile;
}

/**
 * Copies the temporary folder of a session that waits or is stopped, with its home and repository, as a separate
 * session: every file that contains the old path, the old id or the supervisor of the old home gets the new one. The
 * new ones are as long as the old ones, so that no recorded length becomes wrong.
 */
export async function copySession(from: string): Promise<CopiedSession> {
  const known = originals.get(from) ?? readOriginal(from);
  originals.set(from, known);
  const { file: original, supervisor, texts } = await known;
  const dir = await tempDir();
  if (dir.path.length !== from.length) throw new Error(`${dir.path} is not as long as ${from}.`);
  await run('cp', ['-a', `${from}/.`, dir.path]);
  const id = ulid();
  const ofCopy = supervisorPaths(join(dir.path, 'home'), await systemHost());
  const fresh = namesIn(dir.path, { ...original, id }, ofCopy.identity);
  const changes = namesIn(from, original, supervisor).map((old, at) => [old, fresh[at] ?? ''] as const);
  for (const [path, text] of texts) {
    const changed = changes.reduce((before, [old, now]) => before.replaceAll(old, now), text);
    await writeFile(join(dir.path, path), changed, 'latin1');
  }
  const refs = join(dir.path, 'repo/.git/refs/samocode');
  await ifExists(rename(join(refs, refNameOf(original)), join(refs, refNameOf({ ...original, id }))));
  await ifExists(rename(join(dirname(ofCopy.dir), supervisor), ofCopy.dir));
  const own = runRoot(sessionsIn(dir.path));
  await rename(join(dirname(own), basename(runRoot(sessionsIn(from)))), own);
  const { paths, file } = await onlySession(dir.path);
  // It is valid only while the log before it is byte for byte the same.
  await rm(paths.state, { force: true });
  return { dir, paths, file };
}

interface Original {
  file: SessionFile;
  supervisor: string;
  /** The files that contain a name that is another one in a copy, by their path below its folder. */
  texts: readonly (readonly [path: string, text: string])[];
}

/** No process works on an original, so each process of tests reads it once. */
const originals = new Map<string, Promise<Original>>();

async function readOriginal(from: string): Promise<Original> {
  const { file } = await onlySession(from);
  const supervisor = supervisorPaths(join(from, 'home'), await systemHost()).identity;
  const patterns = namesIn(from, file, supervisor).flatMap((name) => ['-e', name]);
  const found = (await run('grep', ['-rlFZ', ...patterns, from])).split('\0').filter(Boolean);
  const texts = found.map(async (path) => [relative(from, path), await readFile(path, 'latin1')] as const);
  return { file, supervisor, texts: await Promise.all(texts) };
}

function namesIn(root: string, file: SessionFile, supervisor: string): string[] {
  return [root, file.id, refNameOf(file), supervisor];
}

function sessionsIn(root: string): string {
  return join(root, 'repo/_samocode/sessions');
}

async function onlySession(root: string): Promise<Pick<CopiedSession, 'paths' | 'file'>> {
  const sessionsDir = sessionsIn(root);
  const [folder = ''] = await sessionFolders(sessionsDir);
  const paths = sessionPaths(sessionsDir, folder);
  const file = await readSessionFile(paths);
  if (file === undefined) throw new Error(`There is no session in ${sessionsDir}.`);
  return { paths, file };
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(program, args);
  if (exitCode !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}
