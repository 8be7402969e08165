import { newFingerprint } from '../../core/kernel/files/fingerprint.ts';
import { type GitOptions, readRecords } from '../../core/project/git/git.ts';
import { isGitError } from '../../core/project/git/git-errors.ts';

/** `@@ -start,removed +newStart,added @@` */
export type Hunk = [start: number, removed: number, newStart: number, added: number];

interface FilePatch {
  from: string;
  to: string;
  hunks: Hunk[];
}

/** What a commit changes, compared with one of its parents. */
export interface Patch {
  files: FilePatch[];
  /** Of the changed lines, wherever they stand; absent if there are none. */
  id?: string;
}

/** A commit and the commit to compare it with. */
export type Pair = readonly [commit: string, parent: string];

// Named for each commit, because `log` compares merges with their first parent alone, or with all of them.
const DIFF_TREE = ['diff-tree', '--stdin', '--always', '-r', '-p', '-U0', '-M', '--no-prefix'];

/** The patches of these pairs, in their order, as far as git came within its time and our limits. */
export async function readPatches(pairs: readonly Pair[], git: GitOptions): Promise<Patch[]> {
  const reader = new PatchReader();
  const input = pairs.map(([commit, parent]) => `${commit} ${parent}\n`).join('');
  try {
    const options = { ...git, input, encoding: 'latin1' } as const;
    const exitCode = await readRecords(DIFF_TREE, options, (line) => reader.take(line), '\n');
    if (exitCode === 0) reader.end();
  } catch (error) {
    if (!isGitError(error)) throw error;
  }
  return reader.patches;
}

class PatchReader {
  readonly patches: Patch[] = [];
  #patch: Patch | undefined;
  #file: FilePatch = { from: '', to: '', hunks: [] };
  #hash: ReturnType<typeof newFingerprint> | undefined;
  /** Changed lines of the current hunk that are still to come. */
  #left = 0;

  take(line: string): void {
    if (this.#left > 0 && /^[-+]/.test(line)) {
      this.#left -= 1;
      this.#hash?.update(line, 'latin1');
    } else if (/^[0-9a-f]{40,64}$/.test(line)) {
      this.end();
      this.#patch = { files: [] };
      this.#hash = undefined;
    } else if (line.startsWith('diff --git ')) {
      this.#file = { from: '', to: '', hunks: [] };
      this.#patch?.files.push(this.#file);
    } else this.#takeHead(line);
  }

  /** The patch is complete. */
  end(): void {
    if (this.#patch === undefined) return;
    const id = this.#hash?.digest('hex').slice(0, 32);
    this.patches.push({ ...this.#patch, ...(id && { id }) });
    this.#patch = undefined;
  }

  #takeHead(line: string): void {
    // A tab follows a name with spaces.
    const [, what, name = ''] = /^(---|\+\+\+|rename from|rename to) (.*?)\t?$/s.exec(line) ?? [];
    if (what !== undefined) this.#file[what === '---' || what === 'rename from' ? 'from' : 'to'] = name;
    const [, ...numbers] = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (numbers.length === 0) return;
    const [start = 0, removed = 1, newStart = 0, added = 1] = numbers.map((text) =>
      text === undefined ? undefined : Number(text),
    );
    if (this.#file.hunks.length === 0) {
      this.#hash ??= newFingerprint();
      this.#hash.update(`${this.#file.from}\0${this.#file.to}\0`, 'latin1');
    }
    this.#file.hunks.push([start, removed, newStart, added]);
    this.#left = removed + added;
  }
}
