import * as z from 'zod';
import { calling, noting, resulting, saying, type TranscriptEntry } from '../contract/transcript.ts';
import { objectIn } from '../reading/activity.ts';
import { tellingField } from './claude-stream.ts';

const text = z.string().optional().catch(undefined);

const Line = z.object({
  type: z.string(),
  subtype: text,
  parent_tool_use_id: z.string().nullish().catch(undefined),
  message: z.object({ content: z.unknown() }).optional().catch(undefined),
  model: text,
  error_status: z.number().nullish().catch(undefined),
  fallback_model: text,
  tool_name: text,
  result: text,
  is_error: z.boolean().optional().catch(undefined),
  errors: z.array(z.string()).optional().catch(undefined),
});
type Line = z.infer<typeof Line>;

const Block = z.object({
  type: z.string(),
  text: z.string().optional(),
  name: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional(),
  content: z.unknown().optional(),
  is_error: z.boolean().optional(),
});

/** One line of stream-json as people read it; what says nothing to them gives nothing. Never throws. */
export function claudeTranscript(raw: string): TranscriptEntry[] {
  const parsed = Line.safeParse(objectIn(raw));
  if (!parsed.success) return [];
  const line = parsed.data;
  const depth = line.parent_tool_use_id ? 1 : 0;
  switch (line.type) {
    case 'assistant':
    case 'user':
      return blocksOf(line.message?.content).flatMap((block) => ofBlock(block, line.type, depth));
    case 'system':
      return ofSystem(line);
    case 'result':
      return line.is_error ? [noting(`failed: ${line.result || line.errors?.[0] || 'no reason given'}`)] : [];
    default:
      return [];
  }
}

function ofSystem(line: Line): TranscriptEntry[] {
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

function blocksOf(content: unknown): z.infer<typeof Block>[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((each) => {
    const block = Block.safeParse(each);
    return block.success ? [block.data] : [];
  });
}

function ofBlock(block: z.infer<typeof Block>, speaker: string, depth: number): TranscriptEntry[] {
  switch (block.type) {
    case 'text':
      return speaker === 'assistant' ? saying(block.text ?? '', depth) : [];
    case 'tool_use':
      return [calling(block.name ?? 'tool', aboutOf(block.input ?? {}), depth)];
    case 'tool_result':
      return resulting(outputOf(block.content), { failed: block.is_error === true, depth });
    default:
      return [];
  }
}

function aboutOf(input: Record<string, unknown>): string {
  const field = tellingField(input);
  return field === undefined ? '' : String(input[field]);
}

function outputOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return blocksOf(content)
    .map((block) => block.text ?? `[${block.type}]`)
    .join('\n');
}
