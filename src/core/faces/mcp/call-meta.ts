import { isAbsolute } from 'node:path';
import type { ChatCall } from '../../caller/context/context.ts';
import { parseJson } from '../../kernel/parse-json.ts';

type Meta = Readonly<Record<string, unknown>> | undefined;

/** Codex has no roots, but names its workspaces with every call. */
export function foldersInMeta(meta: Meta): string[] {
  const { workspaces } = turnIn(meta);
  if (typeof workspaces !== 'object' || workspaces === null) return [];
  const names = Array.isArray(workspaces) ? workspaces : Object.keys(workspaces);
  return names.filter((name): name is string => typeof name === 'string' && isAbsolute(name));
}

/** The chat that makes a call, as Claude Code and Codex name it with each one. */
export function chatInMeta(meta: Meta): ChatCall | undefined {
  const toolUse = meta?.['claudecode/toolUseId'];
  if (isId(toolUse)) return { client: 'claude', id: toolUse };
  const { thread_id: thread } = turnIn(meta);
  return isId(thread) ? { client: 'codex', id: thread } : undefined;
}

/** Only such ids become part of a file name or of a search. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][\w-]{7,99}$/.test(value);
}

function turnIn(meta: Meta): Readonly<Record<string, unknown>> {
  const value = meta?.['x-codex-turn-metadata'];
  const turn = typeof value === 'string' ? parseJson(value) : value;
  return typeof turn === 'object' && turn !== null ? Object(turn) : {};
}
