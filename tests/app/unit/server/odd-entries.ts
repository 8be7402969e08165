import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Entries other than a file at the path of a file. */
export const ODD_KINDS = ['a pipe', 'a folder', 'a link to itself', 'a link to an endless device'] as const;
export type OddKind = (typeof ODD_KINDS)[number];

const MAKE: Record<OddKind, (path: string) => Promise<void>> = {
  'a pipe': async (path) => {
    execFileSync('mkfifo', [path]);
  },
  'a folder': async (path) => {
    await mkdir(path);
    await writeFile(join(path, 'inside.md'), 'x\n');
  },
  'a link to itself': (path) => symlink(path, path),
  'a link to an endless device': (path) => symlink('/dev/zero', path),
};

/** Replaces a file or folder with another entry; on disposal, readers still blocked on a pipe are released. */
export async function replaceWith(kind: OddKind, path: string): Promise<AsyncDisposable> {
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await MAKE[kind](path);
  return {
    async [Symbol.asyncDispose]() {
      if (kind === 'a pipe') closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    },
  };
}
