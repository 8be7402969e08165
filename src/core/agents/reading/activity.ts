import { parseJson } from '../../kernel/parse-json.ts';
import { cut } from '../../kernel/text.ts';
import type { AgentEvent, ToolCall } from '../contract/events.ts';

const MAX_ACTIVITY = 120;

/** What an agent does now, in one line; undefined if the event is no news of that. */
export function activityIn(event: AgentEvent, cwd = ''): string | undefined {
  switch (event.kind) {
    case 'said':
      return event.isMore ? undefined : cut(firstLine(event.text), MAX_ACTIVITY) || undefined;
    case 'called':
      return event.again ? undefined : callText(event, cwd);
    case 'noted':
      return event.now && cut(event.now, MAX_ACTIVITY);
    default:
      return undefined;
  }
}

export function callText({ tool, title = tool, about, isPath }: ToolCall, cwd = ''): string {
  const first = firstLine(about);
  const short = isPath ? shortPath(first, cwd) : first;
  return cut(short ? `${title}: ${short}` : title, MAX_ACTIVITY);
}

/** In order of preference. */
const DESCRIBING_FIELDS = [
  ...['command', 'file_path', 'absolute_path', 'notebook_path', 'dir_path', 'pattern', 'path'],
  ...['url', 'query', 'skill', 'description', 'prompt'],
];

/** A call that is described by a field of its input. @param writers the tools that change the file at their path */
export function toolCall(
  tool: string,
  input: Readonly<Record<string, unknown>>,
  writers: ReadonlySet<string>,
): ToolCall {
  const field = DESCRIBING_FIELDS.find((name) => typeof input[name] === 'string') ?? '';
  const about = field && String(input[field]);
  const isPath = field.endsWith('path');
  const path = isPath && writers.has(tool) ? firstLine(about) : undefined;
  return { kind: 'called', tool, about, ...(isPath && { isPath }), ...(path && { path }) };
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
