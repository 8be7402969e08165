import { type Dirent, readdirSync, statSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import { pathAt } from './path-bytes.ts';

/** Of the session folder's top: what the worker alone appends to, and what people wrote to children. */
const OTHER_FOLDERS: ReadonlySet<string> = new Set(['_logs', '_inbox']);
const OTHER_FILES: ReadonlySet<string> = new Set(['session.log', '_signal_history.jsonl']);
const DRAFT = /^\..*\.draft$/s;

/** The same in git's words. */
export const NOT_DOCUMENTS: readonly string[] = [
  ...[...OTHER_FOLDERS].map((name) => `/${name}/`),
  ...[...OTHER_FILES].map((name) => `/${name}`),
  '/.*.draft',
];

/** The documents of a session and whatever else lies beside them; repositories inside with a slash behind. */
export function documentNames(sessionDir: string, below = ''): string[] {
  const names: string[] = [];
  for (const entry of entriesOf(sessionDir, below)) {
    const name = `${below}${entry.name}`;
    const isFolder = entry.isDirectory();
    if (below === '' && isOther(name, isFolder)) continue;
    if (entry.name === '.git') continue;
    if (!isFolder) names.push(...(entry.isFile() || entry.isSymbolicLink() ? [name] : []));
    else if (isRepository(sessionDir, name)) names.push(`${name}/`);
    else names.push(...documentNames(sessionDir, `${name}/`));
  }
  return names;
}

function isOther(name: string, isFolder: boolean): boolean {
  return OTHER_FILES.has(name) || DRAFT.test(name) || (isFolder && OTHER_FOLDERS.has(name));
}

function entriesOf(sessionDir: string, below: string): Dirent[] {
  try {
    // latin1 gives a character for every byte, as git's lists are read.
    return readdirSync(pathAt(sessionDir, below), { withFileTypes: true, encoding: 'latin1' });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}

function isRepository(sessionDir: string, name: string): boolean {
  const at = (way: string) => statSync(pathAt(sessionDir, `${name}/${way}`), { throwIfNoEntry: false });
  return at('.git')?.isFile() === true || at('.git/HEAD') !== undefined;
}
