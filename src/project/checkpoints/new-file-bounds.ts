/** A file that git does not know yet. */
export interface NewFile {
  name: string;
  sizeBytes: number;
}

/** More than this of new files is no work of an agent's: dependencies, data or what a build made, not ignored. */
const MAX_FILES = 5_000;
const MAX_BYTES = 500 * 1024 * 1024;

export function isBeyondBounds(files: readonly NewFile[]): boolean {
  return files.length > MAX_FILES || files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MAX_BYTES;
}

export interface Bounded {
  leftOut: Set<string>;
  /** The folders whose new files are left out, as `folder/*`. */
  folders: string[];
}

/** Finds the deepest folders that alone hold more new files than a checkpoint takes; what lies beside them is taken. */
export function beyondBounds(files: readonly NewFile[], below = ''): Bounded {
  const result: Bounded = { leftOut: new Set(), folders: [] };
  if (!isBeyondBounds(files)) return result;
  const rest: NewFile[] = [];
  for (const [folder, inside] of byFolder(files, below)) {
    if (folder === undefined || !isBeyondBounds(inside)) {
      for (const file of inside) rest.push(file);
      continue;
    }
    const deeper = beyondBounds(inside, folder);
    for (const name of deeper.leftOut) result.leftOut.add(name);
    result.folders.push(...deeper.folders);
  }
  if (isBeyondBounds(rest)) {
    for (const { name } of rest) result.leftOut.add(name);
    result.folders.push(`${below}*`);
  }
  return result;
}

/** By the next part of their paths; undefined: files that lie in `below` itself. */
function byFolder(files: readonly NewFile[], below: string): Map<string | undefined, NewFile[]> {
  const folders = new Map<string | undefined, NewFile[]>();
  for (const file of files) {
    const end = file.name.indexOf('/', below.length);
    const folder = end === -1 ? undefined : file.name.slice(0, end + 1);
    const inside = folders.get(folder);
    if (inside === undefined) folders.set(folder, [file]);
    else inside.push(file);
  }
  return folders;
}
