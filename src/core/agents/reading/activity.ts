import { parseJson } from '../../kernel/parse-json.ts';
import { cut } from '../../kernel/text.ts';
import type { ChildEvent } from '../contract/events.ts';

const MAX_ACTIVITY = 120;

type Activity = Extract<ChildEvent, { kind: 'activity' }>;

/**
 * Describes an agent's current action in one line. `tool`: for a tool call; `path`: the file that it might write.
 */
export function activity(about: string, tool?: { name: string; path?: string }): Activity {
  return {
    kind: 'activity',
    text: cut(about, MAX_ACTIVITY),
    tool,
  };
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]?.trim() ?? '';
}

/** Relative to the working directory if inside it; otherwise its last two names. */
export function shortPath(path: string, cwd: string): string {
  if (cwd && path.startsWith(`${cwd}/`)) return path.slice(cwd.length + 1);
  const names = path.split('/');
  return names.length > 3 ? `…/${names.slice(-2).join('/')}` : path;
}

/** The JSON object in a line of output; undefined for anything else. */
export function objectIn(line: string): unknown {
  return line.trimStart().startsWith('{') ? parseJson(line) : undefined;
}
