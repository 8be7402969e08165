import { lstat, readFile, realpath, rm } from 'node:fs/promises';
import { ifExists } from '../../base/errors.ts';
import { changeFile } from '../../base/files/change-file.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { jsonValue, valueAt, withoutItems, withoutMember } from './json-member.ts';
import { hasTable, withoutTable } from './toml-table.ts';

/** Something that an installation puts on this machine, and where: what an uninstall looks for. */
export type Trace =
  | {
      kind: 'member' | 'items';
      /** A JSON file. */
      path: string;
      at: readonly string[];
      /** Whether the member, or an item of the list, is ours; absent: its name says so. */
      isOurs?: (value: unknown) => boolean;
      /** A register that a client keeps for itself: what is empty in it stays. */
      isRegister?: true;
      /** A file of the project: it stays, though nothing is left in it. */
      isShared?: true;
    }
  | { kind: 'table'; path: string; at: readonly [string, string] }
  | { kind: 'folder'; path: string };

/** Where a trace is, for people. */
export function traceWords(trace: Trace): string {
  return trace.kind === 'folder' ? trace.path : `${trace.path}, at ${trace.at.join('.')}`;
}

/** @throws a system error when the machine does not let us look */
export async function isThere(trace: Trace): Promise<boolean> {
  if (trace.kind === 'folder') return (await ifExists(lstat(trace.path))) !== undefined;
  const text = await ifExists(readFile(trace.path, 'utf8'));
  if (text === undefined) return false;
  // What cannot be read may hold it in any line that is no comment.
  const isNamed = /^(?!\s*(?:#|\/\/)).*samocode/m.test(text);
  if (trace.kind === 'table') return hasTable(text, trace.at) ?? isNamed;
  const value = jsonValue(text);
  if (value === undefined) return isNamed;
  const found = valueAt(value, [...trace.at]);
  const { isOurs = () => true } = trace;
  return trace.kind === 'items'
    ? Array.isArray(found) && found.some(isOurs)
    : found !== undefined && isOurs(found);
}

/** Removes a trace and leaves every other byte of its file. @throws settings_file_unreadable, or a system error */
export async function removeTrace(trace: Trace): Promise<void> {
  if (trace.kind === 'folder') return await rm(trace.path, { recursive: true, force: true });
  if (!(await isThere(trace))) return;
  const isRefused = await changeSettings(trace.path, (text) => withoutTrace(text, trace));
  if (isRefused) throw INSTALL_ERRORS.settings_file_unreadable({ path: trace.path });
  if ('isRegister' in trace || 'isShared' in trace) return;
  const isLink = (await lstat(trace.path)).isSymbolicLink();
  const isEmpty = /^\s*(?:\{\s*\})?\s*$/.test(await readFile(trace.path, 'utf8'));
  if (isEmpty && !isLink) await rm(trace.path);
}

function withoutTrace(text: string, trace: Exclude<Trace, { kind: 'folder' }>): string | undefined {
  if (trace.kind === 'table') return withoutTable(text, trace.at);
  if (jsonValue(text) === undefined) return undefined;
  const { at, isOurs = () => true, isRegister = false } = trace;
  return trace.kind === 'items'
    ? withoutItems(text, at, { isOurs, keepAround: isRegister })
    : withoutMember(text, [...at], { keepAround: isRegister });
}

/**
 * Changes a settings file that may be a link to where a person keeps it, and makes none.
 * @returns whether `change` refused the text; the file is as it was then
 */
export async function changeSettings(
  path: string,
  change: (text: string) => string | undefined,
): Promise<boolean> {
  let isRefused = false;
  // Refused where it is a folder, which a change would move aside.
  await readFile(path);
  await changeFile((await ifExists(realpath(path))) ?? path, (text = '') => {
    const changed = change(text);
    isRefused = changed === undefined;
    return changed ?? text;
  });
  return isRefused;
}
