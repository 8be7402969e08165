import * as z from 'zod';
import { calling, noting, resulting, saying, type TranscriptEntry } from '../contract/transcript.ts';
import { objectIn } from '../reading/activity.ts';
import { tellingParameter } from './gemini-tools.ts';

const text = z.string().catch('');

const Line = z.object({
  type: z.string(),
  model: text,
  role: text,
  content: text,
  delta: z.boolean().catch(false),
  tool_name: text,
  parameters: z.record(z.string(), z.unknown()).catch({}),
  status: text,
  output: text,
  error: z.object({ message: text }).optional().catch(undefined),
});

/** One line of gemini's stream-json as people read it. Never throws. */
export function geminiTranscript(raw: string): TranscriptEntry[] {
  const parsed = Line.safeParse(objectIn(raw));
  if (!parsed.success) return [];
  const line = parsed.data;
  switch (line.type) {
    case 'init':
      return line.model ? [noting(`starts with ${line.model}`)] : [];
    case 'message': {
      if (line.role !== 'assistant') return [];
      // A piece that begins without a blank or a capital goes on in mid sentence.
      const continues = line.delta && /^[\s,.;:)\]a-z]/.test(line.content);
      return saying(line.content).map((entry) => {
        return continues ? { ...entry, text: line.content, continues: true as const } : entry;
      });
    }
    case 'tool_use': {
      const field = tellingParameter(line.parameters);
      return [calling(line.tool_name, field === undefined ? '' : String(line.parameters[field]))];
    }
    case 'tool_result':
      return resulting(line.output || (line.error?.message ?? ''), { failed: line.status === 'error' });
    case 'result':
      return line.status === 'error' ? [noting(`failed: ${line.error?.message || 'no reason given'}`)] : [];
    default:
      return [];
  }
}
