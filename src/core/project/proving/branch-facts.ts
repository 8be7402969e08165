import type { GitOptions } from '../git/git.ts';
import { isAncestor } from '../git/repository.ts';
import { type DiffStat, diffStat } from '../worktrees/changes.ts';
import { changesContent, touchesFiles } from './branch-work.ts';
import { type ChangedEntry, changedEntries } from './weakened-read.ts';

/**
 * What git says about the work from `base` to `tip`, both hashes. Commits never change, so each question is asked once.
 * Options have MAIN_REPO as `cwd`.
 */
export class BranchFacts {
  readonly base: string;
  readonly tip: string;
  #entries: readonly ChangedEntry[] | undefined;
  #changesContent: boolean | undefined;
  #size: DiffStat | undefined;
  #isAfterBase: boolean | undefined;
  readonly #touches = new Map<string, boolean>();

  constructor(base: string, tip: string) {
    this.base = base;
    this.tip = tip;
  }

  async entries(git: GitOptions): Promise<readonly ChangedEntry[]> {
    this.#entries ??= await changedEntries(this.base, this.tip, git);
    return this.#entries;
  }

  /** The names of all changed files; both names of a rename. */
  async paths(git: GitOptions): Promise<string[]> {
    const entries = await this.entries(git);
    return entries.flatMap(({ path, oldPath }) => [path, ...(oldPath === undefined ? [] : [oldPath])]).sort();
  }

  /** How many lines differ; the files are all in it, those of binary content without lines. */
  async size(git: GitOptions): Promise<DiffStat> {
    this.#size ??= await diffStat({ ...git, base: this.base, head: this.tip }, Number.MAX_SAFE_INTEGER);
    return this.#size;
  }

  /** See the function of that name. */
  async changesContent(git: GitOptions): Promise<boolean> {
    this.#changesContent ??= await changesContent(this.#work(git));
    return this.#changesContent;
  }

  /**
   * Whether a commit of the branch touches one of these files.
   * @param isAmong whether a path is one of them, as far as that can be seen without git
   */
  async touches(
    files: readonly string[],
    git: GitOptions,
    isAmong: (path: string) => boolean,
  ): Promise<boolean> {
    // Most files of a plan differ in the end. That shows a commit of the branch unless the branch lacks some of the base.
    const isChanged = (await this.paths(git)).some(isAmong);
    if (isChanged && (await this.#isComplete(git))) return true;
    const key = files.join('\0');
    const touches = this.#touches.get(key) ?? (await touchesFiles(this.#work(git), files));
    this.#touches.set(key, touches);
    return touches;
  }

  async #isComplete(git: GitOptions): Promise<boolean> {
    this.#isAfterBase ??= await isAncestor(this.base, this.tip, git);
    return this.#isAfterBase;
  }

  #work(git: GitOptions) {
    return { ...git, mainRepo: git.cwd, base: this.base, tip: this.tip };
  }
}
