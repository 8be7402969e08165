import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../../base/atomic-file.ts';
import { ifExists } from '../../base/errors.ts';

const Entry = z.object({
  /** Objects and lists that were not there before, the outermost first. */
  made: z.int(),
  /** The file itself was not there before. */
  file: z.boolean(),
  /** The bytes of what a person had written in its place. */
  replaced: z.string().optional(),
});
export type LedgerEntry = z.infer<typeof Entry>;

/** What was made in settings of others, so that an undo leaves nothing of it. */
export class Ledger {
  readonly #folder: string;
  readonly #entries: Record<string, LedgerEntry>;

  private constructor(folder: string, entries: Record<string, LedgerEntry>) {
    this.#folder = folder;
    this.#entries = entries;
  }

  static async read(folder: string): Promise<Ledger> {
    const text = await ifExists(readFile(join(folder, FILE), 'utf8'));
    try {
      return new Ledger(
        folder,
        text === undefined ? {} : z.record(z.string(), Entry).parse(JSON.parse(text)),
      );
    } catch {
      // Only what was made on the way is forgotten: our own part is still found and taken out.
      return new Ledger(folder, {});
    }
  }

  get(path: string, at: readonly string[]): LedgerEntry | undefined {
    return this.#entries[keyOf(path, at)];
  }

  /** The first note stays: what came later was made by us already. */
  note(path: string, at: readonly string[], entry: LedgerEntry): void {
    this.#entries[keyOf(path, at)] ??= entry;
  }

  forget(path: string, at: readonly string[]): void {
    delete this.#entries[keyOf(path, at)];
  }

  async save(): Promise<void> {
    const path = join(this.#folder, FILE);
    if (Object.keys(this.#entries).length === 0) return await rm(path, { force: true });
    await mkdir(this.#folder, { recursive: true });
    // What was replaced may hold a secret of the person.
    await writeWhole(path, `${JSON.stringify(this.#entries, undefined, 2)}\n`, 0o600);
  }
}

const FILE = 'edits.json';

function keyOf(path: string, at: readonly string[]): string {
  return [path, ...at].join(' › ');
}

/** People keep their settings elsewhere and link to them: the link must stay one. */
export async function followed(path: string): Promise<string> {
  return (await ifExists(realpath(path))) ?? path;
}
