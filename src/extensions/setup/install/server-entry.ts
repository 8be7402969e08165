import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { ServerStart } from '../../../core/faces/package/package-source.ts';
import { ifExists } from '../../../core/kernel/errors.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { type InstalledPart, memberPart } from './installed-part.ts';
import { jsonValue, valueAt } from './json-member.ts';
import { parseSettingsFile } from './settings-file.ts';
import { refuseIfTemporary, stableNodePath } from './stable-node-path.ts';
import { addStep, type Step } from './step.ts';

/** How a client's JSON file describes a server. */
export interface ServerFormat {
  /** The member that holds all servers. */
  servers: string;
  /** The client rejects a file without that member, so the member is kept even if it is empty. */
  isRequired?: true;
  entry(start: ServerStart): ServerEntry;
}

interface ServerEntry {
  command: string | readonly string[];
  args?: readonly string[];
  [more: string]: unknown;
}

/** The format that Claude introduced and most clients read. */
export const COMMON_FORMAT: ServerFormat = { servers: 'mcpServers', entry: (start) => ({ ...start }) };

/** The command that starts this installation as a server. */
export async function serverStart({ programs, env }: ActionContext): Promise<ServerStart> {
  const program = join(dirname(programs.worker), 'samocode-mcp.js');
  refuseIfTemporary(program, 'No client was changed.');
  return { command: stableNodePath(await nodePath(env), env.PATH), args: [program] };
}

/** Our server in a client's JSON file. */
export function serverPart(path: string, format: ServerFormat): InstalledPart {
  return memberPart(path, placeIn(format), { isOurs: isOurServer, keepParents: format.isRequired });
}

interface ServerOptions {
  title: string;
  replace: boolean;
  /** The same choice as for a plugin's skills and commands. */
  allSkills?: boolean | undefined;
  format: ServerFormat;
}

/** The step that adds our server to a JSON file, if missing. */
export async function serverSteps(
  path: string,
  start: ServerStart,
  { title, replace, allSkills, format }: ServerOptions,
): Promise<Step[]> {
  const text = await ifExists(readFile(path, 'utf8'));
  const settings = text === undefined ? {} : parseSettingsFile(path, text);
  if (settings === undefined) throw INSTALL_ERRORS.settings_file_unreadable({ path });
  const at = placeIn(format);
  const wanted = format.entry(allSkills ? { ...start, args: [...start.args, '--all-prompts'] } : start);
  const there = valueAt(settings, at);
  const added = (value: ServerEntry, more = ''): Step[] => {
    const step = addStep(path, at, value);
    return [{ ...step, words: step.words + more, did: 'server added' }];
  };
  if (there === undefined) return added(wanted);
  if (isOurServer(there)) {
    const { command, args } = wanted;
    const value = { ...wanted, ...Object(there), command, ...(args && { args }) };
    return isDeepStrictEqual(there, value) ? [] : added(value);
  }
  if (!replace) throw INSTALL_ERRORS.own_entry({ title, path, words: startWords(there) });
  return added(wanted, `, instead of your own: ${startWords(there)}`);
}

function placeIn({ servers }: ServerFormat): [string, string] {
  return [servers, 'samocode'];
}

/** Whether the settings in a text start this package; false for a text that cannot be parsed. */
export function startsOurServer(text: string): boolean {
  return isOurServer(valueAt(jsonValue(text), placeIn(COMMON_FORMAT)));
}

/** Whether an entry starts this package, in any version and from any folder; mentioning its name is not enough. */
function isOurServer(entry: unknown): boolean {
  const [command = '', ...args] = partsOf(entry);
  const isRunner = /^(?:node|npx|bunx)/.test(basename(command));
  const started = isRunner ? args.find((arg) => !arg.startsWith('-')) : command;
  return /^samocode-mcp(?:\.js|@.*)?$/.test(basename(started ?? ''));
}

// Values of other keys are not shown: they might be secrets.
function startWords(entry: unknown): string {
  return partsOf(entry).join(' ') || 'an entry of another kind';
}

function partsOf(entry: unknown): string[] {
  const { command, args } = Object(entry);
  return [command, args].flat().filter((part) => typeof part === 'string');
}
