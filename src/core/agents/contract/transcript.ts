import { cut } from '../../kernel/text.ts';
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

export function saying(text: string, depth = 0): TranscriptEntry[] {
  const trimmed = text.trim();
  return trimmed === '' ? [] : [{ kind: 'text', text: cut(trimmed, MAX_TEXT), depth }];
}

/** A call on one line: the tool and its subject. */
export function calling(tool: string, about: string, depth = 0): TranscriptEntry {
  const line = about.replace(/\s+/g, ' ').trim();
  return { kind: 'tool', text: cut(line ? `${tool}: ${line}` : tool, MAX_CALL), depth };
}

/** The start of a tool's output; the raw log has all of it. */
export function resulting(output: string, { failed = false, depth = 0 } = {}): TranscriptEntry[] {
  const lines = output.trim().split('\n');
  if (lines.length === 1 && lines[0] === '')
    return failed ? [{ kind: 'result', text: 'failed', depth, failed }] : [];
  const shown = cut(lines.slice(0, MAX_RESULT_LINES).join('\n'), MAX_RESULT);
  const left = lines.length - MAX_RESULT_LINES;
  const text = left > 0 ? `${shown}\n… ${left} more ${left === 1 ? 'line' : 'lines'}` : shown;
  return [{ kind: 'result', text, depth, failed: failed || undefined }];
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
