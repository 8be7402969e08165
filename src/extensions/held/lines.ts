import type { Hunk, Patch } from './patches.ts';

/** First and last line. */
type Range = [number, number];

/** Lines of the files of a branch: in order, and without overlaps. */
export class Lines {
  readonly #files: Map<string, Range[]>;

  constructor(files: Readonly<Record<string, Range[]>> = {}) {
    this.#files = new Map(Object.entries(files));
  }

  /** Moves them by a commit. @param writes its new lines are added @returns whether it changes or removes some */
  apply({ files }: Patch, writes: boolean): boolean {
    let isTouched = false;
    for (const { from, to, hunks } of files) {
      const moved = movedBy(hunks, this.#files.get(from) ?? [], writes);
      isTouched ||= moved.isTouched;
      this.#files.delete(from);
      if (moved.after.length > 0) this.#files.set(to, moved.after);
    }
    return isTouched;
  }

  toJSON(): Record<string, Range[]> {
    return Object.fromEntries(this.#files);
  }
}

/** A line inserted between two of them touches neither. */
function movedBy(hunks: readonly Hunk[], before: readonly Range[], writes: boolean) {
  const after: Range[] = [];
  const rest = before.toReversed();
  let isTouched = false;
  let shift = 0;
  for (const [start, removed, newStart, added] of hunks) {
    // Without removed lines, git names the line before.
    const from = removed === 0 ? start + 1 : start;
    const to = from + removed - 1;
    for (let range = rest.at(-1); range !== undefined && range[0] <= to; range = rest.at(-1)) {
      const [first, last] = range;
      rest.pop();
      if (first < from) after.push([first + shift, Math.min(last, from - 1) + shift]);
      if (removed > 0 && last >= from) isTouched = true;
      if (last > to) rest.push([Math.max(first, to + 1), last]);
    }
    if (writes && added > 0) after.push([newStart, newStart + added - 1]);
    shift += added - removed;
  }
  for (const [first, last] of rest.toReversed()) after.push([first + shift, last + shift]);
  return { after, isTouched };
}
