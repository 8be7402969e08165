import * as z from 'zod';
import { calling, noting, resulting, saying, type TranscriptEntry } from '../contract/transcript.ts';
import { objectIn } from '../reading/activity.ts';
import { ClaudeBlock, ClaudeLine, describingField } from './claude-stream.ts';

/** One line of stream-json, rendered for people; irrelevant lines give nothing. Never throws. */
export function claudeTranscript(raw: string): TranscriptEntry[] {
  const { data: line } = ClaudeLine.safeParse(objectIn(raw));
  switch (line?.type) {
    case 'assistant':
    case 'user':
      return line.message.content.flatMap((block) => ofBlock(block, line));
    case 'system':
      return ofSystem(line);
    case 'result':
      return line.is_error ? [noting(`failed: ${line.result || line.errors?.[0] || 'no reason given'}`)] : [];
    default:
      return [];
  }
}

type LineOf<Type> = Extract<ClaudeLine, { type: Type }>;

function ofSystem(line: LineOf<'system'>): TranscriptEntry[] {
  switch (line.subtype) {
    case 'init':
      return line.model ? [noting(`starts with ${line.model}`)] : [];
    case 'api_retry':
      return [noting(`the service does not answer (${line.error_status ?? 'no answer'}); retrying`)];
    case 'model_fallback':
      return [noting(`continues with ${line.fallback_model ?? 'another model'}`)];
    case 'permission_denied':
      return [noting(`not allowed: ${line.tool_name ?? 'a tool'}`)];
    default:
      return [];
  }
}

function ofBlock(block: ClaudeBlock, line: LineOf<'assistant' | 'user'>): TranscriptEntry[] {
  const depth = line.parent_tool_use_id ? 1 : 0;
  switch (block.type) {
    case 'text':
      return line.type === 'assistant' ? saying(block.text, depth) : [];
    case 'tool_use': {
      const field = describingField(block.input);
      return [calling(block.name, field === undefined ? '' : String(block.input[field]), depth)];
    }
    case 'tool_result':
      return resulting(outputOf(block.content), { failed: block.is_error === true, depth });
    default:
      return [];
  }
}

function outputOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const blocks = z.array(ClaudeBlock).safeParse(content).data ?? [];
  return blocks.map((block) => (block.type === 'text' ? block.text : `[${nameOf(block)}]`)).join('\n');
}

function nameOf(block: ClaudeBlock): string {
  return block.type === 'other' ? block.name : block.type;
}
