import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifExists } from '../../base/errors.ts';
/** Acts that take back what was done so far, for work that must be whole or not at all. */
export class UndoList {
  readonly #acts: Array<() => Promise<unknown>> = [];

  push(act: () => Promise<unknown>): void {
    this.#acts.push(act);
  }

  async run(): Promise<void> {
    for (const act of this.#acts.reverse()) {
      // The failure that led here is the one to tell; a remainder is better than a hidden cause.
      await act().catch(() => undefined);
    }
  }
}

/** Makes a folder with those above it. @returns false when it is there */
export async function makeFolder(folder: string, undo: UndoList): Promise<boolean> {
  if (await ifExists(stat(folder))) return false;
  const first = await mkdir(folder, { recursive: true });
  if (!first) return false;
  // rmdir takes only empty folders, so files that appeared there in the meantime are not lost.
  undo.push(async () => {
    for (let path = folder; path.startsWith(first); path = dirname(path)) await rmdir(path);
  });
  return true;
}
