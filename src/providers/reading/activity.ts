import { parseJson } from '../../base/parse-json.ts';
import type { ChildEvent } from '../contract/provider.ts';

const MAX_ACTIVITY = 120;

type Activity = Extract<ChildEvent, { kind: 'activity' }>;

/** What a child does now, cut to a line. `tool` when it is a call of one, `path` when that may write a file. */
export function activity(words: string, tool?: { name: string; path?: string }): Activity {
  return {
    kind: 'activity',
    text: words.length > MAX_ACTIVITY ? `${words.slice(0, MAX_ACTIVITY - 1)}…` : words,
    tool,
  };
}

export function firstLine(words: string): string {
  return words.trim().split('\n', 1)[0]?.trim() ?? '';
}

/** Below the working directory from there; elsewhere its last two names are what people know it by. */
export function shortPath(path: string, cwd: string): string {
  if (cwd && path.startsWith(`${cwd}/`)) return path.slice(cwd.length + 1);
  const names = path.split('/');
  return names.length > 3 ? `…/${names.slice(-2).join('/')}` : path;
}

/** The JSON value of a line of output; undefined for anything that is no JSON object. */
export function objectIn(line: string): unknown {
  return line.trimStart().startsWith('{') ? parseJson(line) : undefined;
}
