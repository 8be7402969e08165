import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import type { FileChange } from '../../../../core/project/worktrees/changes.ts';
import { changedLines } from '../../html/figures.ts';
import { type Html, html, type Part } from '../../html/html.ts';

interface Folder {
  path: string;
  parent?: Folder;
  insertions: number;
  deletions: number;
  /** In the order of the files, as git sorts them. */
  children: (Folder | FileChange)[];
}

/** The changed files by folder, each with its counts and a link to its diff. */
export function fileTree(files: readonly FileChange[], outsidePlan: readonly string[]): Html {
  const item = (child: Folder | FileChange, parent: string): Html => {
    const name = child.path.slice(parent.length);
    if (!isFolder(child)) return fileItem(child, { name, isPlanned: !outsidePlan.includes(child.path) });
    const folder = joined(child);
    return folderItem(
      folder,
      folder.path.slice(parent.length),
      folder.children.map((each) => item(each, folder.path)),
    );
  };
  return html`<details class="tree" id="tree"><summary>Files by folder</summary><ul dir="ltr">${rootOf(files).children.map((each) => item(each, ''))}</ul></details>`;
}

/** The id of a file's diff on the page. */
export function diffId(path: string): string {
  return `d-${idOf(path)}`;
}

/** The words beside a file's name: its counts, and whether the plan names it. */
export function fileStat({ insertions, deletions }: FileChange, isPlanned: boolean): Part {
  const lines = insertions === null || deletions === null ? 'binary' : changedLines(insertions, deletions);
  return html`<span class="stat">${lines}</span>${!isPlanned && html` <small class="attention">not in the plan</small>`}`;
}

function rootOf(files: readonly FileChange[]): Folder {
  const root: Folder = { path: '', insertions: 0, deletions: 0, children: [] };
  const folders = new Map([['', root]]);
  const folderAt = (path: string): Folder => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const parent = folderAt(parentOf(path));
    const folder: Folder = { path, parent, insertions: 0, deletions: 0, children: [] };
    folders.set(path, folder);
    parent.children.push(folder);
    return folder;
  };
  for (const file of files) {
    const folder = folderAt(parentOf(file.path));
    folder.children.push(file);
    addCounts(folder, file);
  }
  return root;
}

/** `src/web/` of `src/web/page.ts` and of `src/web/html/`; empty at the top. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/', path.length - 2) + 1);
}

function addCounts(folder: Folder, file: FileChange): void {
  folder.insertions += file.insertions ?? 0;
  folder.deletions += file.deletions ?? 0;
  if (folder.parent !== undefined) addCounts(folder.parent, file);
}

function isFolder(child: Folder | FileChange): child is Folder {
  return 'children' in child;
}

/** A folder whose only child is a folder is shown as one with it. */
function joined(folder: Folder): Folder {
  const [only, ...others] = folder.children;
  return only !== undefined && others.length === 0 && isFolder(only) ? joined(only) : folder;
}

function folderItem({ path, insertions, deletions }: Folder, name: string, items: readonly Html[]): Html {
  return html`<li><details open id="t-${idOf(path)}"><summary><code>${name}</code> <span class="stat">${changedLines(insertions, deletions)}</span></summary><ul>${items}</ul></details></li>
`;
}

function fileItem(file: FileChange, { name, isPlanned }: { name: string; isPlanned: boolean }): Html {
  const renamed = file.renamedFrom !== undefined && html` <small>renamed</small>`;
  return html`<li><a href="#${diffId(file.path)}"><code>${name}</code></a>${renamed} ${fileStat(file, isPlanned)}</li>
`;
}

function idOf(path: string): string {
  return fingerprint(path).slice(0, 12);
}
