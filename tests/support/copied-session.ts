import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import { ifExists } from '../../src/base/errors.ts';
import { systemHost } from '../../src/base/processes/host.ts';
import { runCommand } from '../../src/base/processes/run-command.ts';
import { supervisorPaths } from '../../src/providers/starting/supervisor-folder.ts';
import { readSessionFile, type SessionFile } from '../../src/session/events/session-file.ts';
import { refNameOf } from '../../src/session/layout/names.ts';
import { type SessionPaths, sessionPaths } from '../../src/session/layout/paths.ts';
import { sessionFolders } from '../../src/session/session-list.ts';
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
  const dir = await tempDir();
  await run('cp', ['-a', `${from}/.`, dir.path]);
  const { file: original } = await onlySession(from);
  const host = await systemHost();
  const supervisor = supervisorPaths(join(from, 'home'), host);
  const ofCopy = supervisorPaths(join(dir.path, 'home'), host);
  const id = ulid();
  const changes: Array<[string, string]> = [
    [from, dir.path],
    [original.id, id],
    [refNameOf(original), refNameOf({ ...original, id })],
    [supervisor.identity, ofCopy.identity],
  ];
  if (dir.path.length !== from.length) throw new Error(`${dir.path} is not as long as ${from}.`);
  const patterns = changes.flatMap(([old]) => ['-e', old]);
  const found = await run('grep', ['-rlFZ', ...patterns, dir.path]);
  for (const path of found.split('\0').filter(Boolean)) {
    const text = await readFile(path, 'latin1');
    await writeFile(
      path,
      changes.reduce((changed, [old, fresh]) => changed.replaceAll(old, fresh), text),
      'latin1',
    );
  }
  const refs = join(dir.path, 'repo/.git/refs/samocode');
  await ifExists(rename(join(refs, refNameOf(original)), join(refs, refNameOf({ ...original, id }))));
  const left = join(dirname(ofCopy.dir), supervisor.identity);
  await ifExists(rename(left, ofCopy.dir));
  const { paths, file } = await onlySession(dir.path);
  // It is valid only while the log before it is byte for byte the same.
  await rm(paths.state, { force: true });
  return { dir, paths, file };
}

async function onlySession(root: string): Promise<Pick<CopiedSession, 'paths' | 'file'>> {
  const sessionsDir = join(root, 'repo/_samocode/sessions');
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
