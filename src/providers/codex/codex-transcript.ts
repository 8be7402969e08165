import * as z from 'zod';
import { calling, noting, resulting, saying, type TranscriptEntry } from '../contract/transcript.ts';
import { objectIn } from '../reading/activity.ts';
import { withoutShell } from './codex-stream.ts';

const text = z.string().catch('');

const Item = z.object({
  type: z.string(),
  text,
  message: text,
  command: text,
  aggregated_output: text,
  exit_code: z.number().nullish().catch(undefined),
  changes: z.array(z.object({ path: z.string(), kind: text })).catch([]),
  server: text,
  tool: text,
  query: text,
});
const Line = z.object({
  type: z.string(),
  item: Item.optional().catch(undefined),
  message: text,
  error: z.object({ message: text }).optional().catch(undefined),
});

/** One line of `codex exec --json` as people read it. Never throws. */
export function codexTranscript(raw: string): TranscriptEntry[] {
  const parsed = Line.safeParse(objectIn(raw));
  if (!parsed.success) return [];
  const { type, item, message, error } = parsed.data;
  switch (type) {
    case 'item.started':
      return item ? begun(item) : [];
    case 'item.completed':
      return item ? ended(item) : [];
    case 'error':
      return message ? [noting(message)] : [];
    case 'turn.failed':
      return [noting(`failed: ${error?.message || 'no reason given'}`)];
    default:
      return [];
  }
}

function begun(item: z.infer<typeof Item>): TranscriptEntry[] {
  switch (item.type) {
    case 'command_execution':
      return [calling('Shell', withoutShell(item.command))];
    case 'file_change':
      return item.changes.map(({ path, kind }) => calling(kind === 'add' ? 'Write' : 'Edit', path));
    case 'mcp_tool_call':
      return [calling(item.server, item.tool)];
    case 'web_search':
      return [calling('Search', item.query)];
    default:
      return [];
  }
}

function ended(item: z.infer<typeof Item>): TranscriptEntry[] {
  switch (item.type) {
    case 'agent_message':
      return saying(item.text);
    case 'command_execution':
      return resulting(item.aggregated_output, { failed: item.exit_code !== 0 });
    case 'error':
      return [noting(item.message)];
    default:
      return [];
  }
}
