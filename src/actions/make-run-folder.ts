import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createWhole, syncFolder } from '../base/atomic-file.ts';
import { systemErrorCode } from '../base/errors.ts';
import { type Command, leaveCommand } from '../session/commands.ts';
import type { SessionPaths } from '../session/paths.ts';
import { SessionFile } from '../session/session-file.ts';

/**
 * Makes a session's run folder with its identity and its first command in it: all of it appears at once
 * or not at all, and of two that try the same name one is refused.
 * @returns false when the name is taken
 */
export async function makeRunFolder(
  paths: SessionPaths,
  file: SessionFile,
  first: Command,
): Promise<boolean> {
  const parent = dirname(paths.runDir);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const draft = join(parent, `.${paths.folder}.${randomBytes(6).toString('hex')}.draft`);
  try {
    await mkdir(draft, { mode: 0o700 });
    await createWhole(join(draft, 'session.json'), `${JSON.stringify(SessionFile.parse(file), null, 2)}\n`);
    await leaveCommand({ commands: join(draft, 'commands') }, first);
    return await reveal(draft, paths.runDir);
  } finally {
    await rm(draft, { recursive: true, force: true });
    await syncFolder(parent);
  }
}

// rename() replaces an empty folder and refuses any other; ours is never empty.
async function reveal(draft: string, runDir: string): Promise<boolean> {
  try {
    await rename(draft, runDir);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}
