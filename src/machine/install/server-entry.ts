import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ActionContext } from '../../acts/common/context.ts';
import { ifExists } from '../../base/errors.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { INSTALL_ERRORS } from './install-errors.ts';
import { type InstalledPart, memberPart } from './installed-part.ts';
import { jsonValue, valueAt } from './json-member.ts';
import type { ServerStart } from './package/package-source.ts';
import { refuseIfPassing, stableNodePath } from './stable-node-path.ts';
import { memberStep, type Step } from './step.ts';

const AT = ['mcpServers', 'samocode'] as const;

/** The command that starts this installation as a server. @throws program_not_lasting */
export async function serverStart({ programs, env }: ActionContext): Promise<ServerStart> {
  const program = join(dirname(programs.worker), 'samocode-mcp.js');
  refuseIfPassing(program, 'No client was changed.');
  return { command: stableNodePath(await nodePath(env), env.PATH), args: [program] };
}

/** Our server in a client's JSON file. */
export function serverPart(path: string): InstalledPart {
  return memberPart(path, AT, isOurServer);
}

/** The step that adds our server to a JSON file, if missing. @throws own_entry, settings_file_unreadable */
export async function serverSteps(
  path: string,
  start: ServerStart & { timeout?: number },
  { title, replace }: { title: string; replace: boolean },
): Promise<Step[]> {
  const text = await ifExists(readFile(path, 'utf8'));
  const settings = text === undefined ? {} : jsonValue(text);
  if (settings === undefined) throw INSTALL_ERRORS.settings_file_unreadable({ path });
  const there = valueAt(settings, [...AT]);
  const added = (step: Step): Step[] => [{ ...step, did: 'server added' }];
  if (there === undefined) return added(memberStep(path, AT, start));
  if (isOurServer(there)) {
    const value = { ...start, ...Object(there), command: start.command, args: start.args };
    return isDeepStrictEqual(there, value) ? [] : added(memberStep(path, AT, value));
  }
  if (!replace) throw INSTALL_ERRORS.own_entry({ title, path, words: startWords(there) });
  return added(memberStep(path, AT, start, startWords(there)));
}

/** Whether the settings in a text start this package; false for a text that cannot be parsed. */
export function startsOurServer(text: string): boolean {
  return isOurServer(valueAt(jsonValue(text), [...AT]));
}

/** Whether an entry starts this package, in any version and from any place; others may only mention its name. */
function isOurServer(entry: unknown): boolean {
  const [command = '', ...args] = partsOf(entry);
  const isRunner = /^(?:node|npx|bunx)/.test(basename(command));
  const started = isRunner ? args.find((arg) => !arg.startsWith('-')) : command;
  return /^samocode-mcp(?:\.js|@.*)?$/.test(basename(started ?? ''));
}

// Values of other keys are not shown: they may be secrets.
function startWords(entry: unknown): string {
  return partsOf(entry).join(' ') || 'an entry of another kind';
}

function partsOf(entry: unknown): string[] {
  const { command, args } = Object(entry);
  return [command, ...(Array.isArray(args) ? args : [])].filter((part) => typeof part === 'string');
}
