import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { ifExists } from '../../base/errors.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import type { Files } from './package/package-parts.ts';
import type { ServerStart } from './package/package-source.ts';
import { refuseIfPassing, stableNodePath } from './stable-node-path.ts';

/** How this very installation is started as a server. @throws program_not_lasting */
export async function serverStart({ programs, env }: ActionContext): Promise<ServerStart> {
  const program = join(dirname(programs.worker), 'samocode-mcp.js');
  refuseIfPassing(program, 'No client was changed.');
  return { command: stableNodePath(await nodePath(env), env.PATH), args: [program] };
}

/** Makes `folder` hold just these files. */
export async function writePackage(folder: string, files: Files): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeWhole(join(folder, path), text);
  }
}

export async function holdsPackage(folder: string, files: Files): Promise<boolean> {
  for (const [path, text] of Object.entries(files)) {
    if ((await ifExists(readFile(join(folder, path), 'utf8'))) !== text) return false;
  }
  return true;
}
