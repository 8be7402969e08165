import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import { statsAt } from '../base/look-at.ts';
import { readPlainFile } from '../base/plain-file.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Small files of the run folder that only the worker writes, as it wrote or found them. What a child did
 * to them is undone when the child has ended; while it runs, nothing is read from them.
 */
export class KeptFiles {
  readonly #kept = new Map<string, Buffer>();

  /** Remembers a file as it stands; one that is not there is forgotten. */
  async keep(path: string): Promise<void> {
    const reading = await readPlainFile(path, MAX_BYTES);
    if (reading.kind === 'bytes') this.#kept.set(path, reading.bytes);
    else this.#kept.delete(path);
  }

  /** What an ended iteration has left is not read again: it would be compared after every child to come. */
  forgetIn(folder: string): void {
    for (const path of this.#kept.keys()) if (dirname(path) === folder) this.#kept.delete(path);
  }

  textOf(path: string): string | undefined {
    return this.#kept.get(path)?.toString('utf8');
  }

  /** Puts back what was changed. @returns the paths of those files */
  async restore(): Promise<string[]> {
    const changed: string[] = [];
    for (const [path, bytes] of this.#kept) {
      const reading = await readPlainFile(path, MAX_BYTES);
      if (reading.kind === 'bytes' && reading.bytes.equals(bytes)) continue;
      changed.push(path);
      mkdirSync(dirname(path), { recursive: true });
      // rename() replaces anything but a folder.
      if (statsAt(path)?.isDirectory()) rmSync(path, { recursive: true, force: true });
      await writeWhole(path, bytes);
    }
    return changed;
  }
}
