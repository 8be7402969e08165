import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ifExists } from '../../base/errors.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { jsonValue, valueAt } from './json-member.ts';
import type { ServerStart } from './package/package-source.ts';
import type { AddMember } from './step.ts';
import type { Trace } from './trace.ts';

/** Our server in a client's JSON settings. */
export interface ServerEntry {
  path: string;
  start: ServerStart & { timeout?: number };
}

const AT = ['mcpServers', 'samocode'] as const;

export function serverTrace(path: string, where: { isShared?: true } = {}): Trace {
  return { kind: 'member', path, at: AT, isOurs: isOurServer, ...where };
}

/** The step that adds our server, unless it is there. @throws own_entry, settings_file_unreadable */
export async function addServer(
  { path, start }: ServerEntry,
  { title, replace }: { title: string; replace: boolean },
): Promise<AddMember[]> {
  const there = await serverIn(path);
  if (there === undefined) return [{ kind: 'add_member', path, at: AT, value: start }];
  if (isOurServer(there)) {
    const value = { ...start, ...Object(there), command: start.command, args: start.args };
    return isDeepStrictEqual(there, value) ? [] : [{ kind: 'add_member', path, at: AT, value }];
  }
  if (!replace) throw INSTALL_ERRORS.own_entry({ title, path, words: startWords(there) });
  return [{ kind: 'add_member', path, at: AT, value: start, insteadOf: startWords(there) }];
}

/** The entry of our name in a settings file, whosever it is. @throws settings_file_unreadable */
async function serverIn(path: string): Promise<unknown> {
  const text = await ifExists(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const value = jsonValue(text);
  if (value === undefined) throw INSTALL_ERRORS.settings_file_unreadable({ path });
  return valueAt(value, [...AT]);
}

/** Whether an entry starts this package, in whichever version and from whichever place: other servers may name it too. */
function isOurServer(entry: unknown): boolean {
  const [command = '', ...args] = partsOf(entry);
  const isRunner = /^(?:node|npx|bunx)/.test(basename(command));
  const started = isRunner ? args.find((arg) => !arg.startsWith('-')) : command;
  return /^samocode-mcp(?:\.js|@.*)?$/.test(basename(started ?? ''));
}

// No value of another key is shown: it may be a secret.
function startWords(entry: unknown): string {
  return partsOf(entry).join(' ') || 'an entry of another kind';
}

function partsOf(entry: unknown): string[] {
  const { command, args } = Object(entry);
  return [command, ...(Array.isArray(args) ? args : [])].filter((part) => typeof part === 'string');
}
