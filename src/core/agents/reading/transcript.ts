import { cut } from '../../kernel/text.ts';
import type { AgentEvent, ToolCall, ToolOutput } from '../contract/events.ts';
import type { Provider } from '../contract/provider.ts';

export interface TranscriptEntry {
  /** `note`: a message from the CLI (a retry, a limit, an end). */
  kind: 'text' | 'tool' | 'result' | 'note';
  text: string;
  /** Depth of subagents; 0: the agent itself. */
  depth: number;
  failed?: true;
  /** Continues the previous text without a break. */
  continues?: true;
}

const MAX_TEXT = 4000;
const MAX_CALL = 200;
const MAX_RESULT_LINES = 4;
const MAX_RESULT = 400;

/** A line of a CLI's output, rendered for people. */
export function transcriptOf({ newReader }: Pick<Provider, 'newReader'>, line: string): TranscriptEntry[] {
  return newReader().readLine(line).flatMap(entriesFor);
}

export function entriesFor(event: AgentEvent): TranscriptEntry[] {
  switch (event.kind) {
    case 'started':
      return event.model ? [noting(`starts with ${event.model}`)] : [];
    case 'said':
      return saying(event);
    case 'called':
      return [calling(event)];
    case 'returned':
      return event.outputs?.().flatMap(resulting) ?? [];
    case 'noted':
      return [noting(event.text)];
    default:
      return [];
  }
}

type EventOf<Kind> = Extract<AgentEvent, { kind: Kind }>;

function saying({ text, continues, isOfSubagent }: EventOf<'said'>): TranscriptEntry[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const depth = depthOf(isOfSubagent);
  if (continues) return [{ kind: 'text', text, depth, continues }];
  return [{ kind: 'text', text: cut(trimmed, MAX_TEXT), depth }];
}

/** On one line: the tool and its subject. */
function calling({
  tool,
  isNew,
  title = isNew ? 'Write' : tool,
  about,
  isOfSubagent,
}: ToolCall): TranscriptEntry {
  const line = about.replace(/\s+/g, ' ').trim();
  const text = cut(line ? `${title}: ${line}` : title, MAX_CALL);
  return { kind: 'tool', text, depth: depthOf(isOfSubagent) };
}

/** The start of a tool's output; the raw log has all of it. */
function resulting({ text, failed, isOfSubagent }: ToolOutput): TranscriptEntry[] {
  const rest = { depth: depthOf(isOfSubagent), failed: failed || undefined };
  const lines = text.trim().split('\n');
  if (lines.length === 1 && lines[0] === '')
    return failed ? [{ kind: 'result', text: 'failed', ...rest }] : [];
  const shown = cut(lines.slice(0, MAX_RESULT_LINES).join('\n'), MAX_RESULT);
  const left = lines.length - MAX_RESULT_LINES;
  const more = left > 0 ? `\n… ${left} more ${left === 1 ? 'line' : 'lines'}` : '';
  return [{ kind: 'result', text: `${shown}${more}`, ...rest }];
}

function depthOf(isOfSubagent: boolean | undefined): number {
  return isOfSubagent ? 1 : 0;
}

export function noting(text: string): TranscriptEntry {
  return { kind: 'note', text: cut(text.replace(/\s+/g, ' ').trim(), MAX_CALL), depth: 0 };
}

/** Entries as lines: calls after a bullet, results below them, subagents indented. */
export function transcriptLines(entries: readonly TranscriptEntry[]): string[] {
  const lines: string[] = [];
  for (const entry of entries) {
    const margin = '    '.repeat(entry.depth);
    const own = entry.text.split('\n');
    if (entry.continues && entry.kind === 'text' && lines.length > 0) {
      lines.push(`${lines.pop()}${own.shift()}`, ...own.map((line) => margin + line));
      continue;
    }
    const [first, rest] = MARGINS[entry.kind];
    lines.push(...own.map((line, index) => `${margin}${index === 0 ? first : rest}${line}`.trimEnd()));
  }
  return lines;
}

const MARGINS: Readonly<Record<TranscriptEntry['kind'], readonly [string, string]>> = {
  text: ['', ''],
  tool: ['• ', '  '],
  result: ['  └ ', '    '],
  note: ['— ', '  '],
};
