import * as z from 'zod';
import { beginning } from '../../kernel/text.ts';
import type { AgentEvent, FinalReport, TokenCounts } from '../contract/events.ts';
import { firstLine, objectIn, toolCall } from '../reading/activity.ts';
import { problemOfResult } from './gemini-end.ts';

const text = z.string().optional().catch(undefined);
const count = z.number().catch(0);

const Line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('init'), session_id: text, model: text }),
  z.object({ type: z.literal('message'), role: text, content: text, delta: z.boolean().catch(false) }),
  z.object({
    type: z.literal('tool_use'),
    tool_name: z.string(),
    tool_id: text,
    parameters: z.record(z.string(), z.unknown()).catch({}),
  }),
  z.object({
    type: z.literal('tool_result'),
    tool_id: text,
    status: text,
    output: text,
    error: z.object({ type: text, message: text }).optional().catch(undefined),
  }),
  z.object({
    type: z.literal('result'),
    status: text,
    error: z.object({ type: text, message: text }).optional().catch(undefined),
    stats: z
      .object({ input: count, input_tokens: count, output_tokens: count, cached: count, total_tokens: count })
      .optional()
      .catch(undefined),
  }),
]);
type ResultLine = Extract<z.infer<typeof Line>, { type: 'result' }>;

const WRITERS: ReadonlySet<string> = new Set(['write_file', 'replace']);
/** Errors for tools outside the approval mode or policy. */
const DENIED: ReadonlySet<string> = new Set(['tool_not_registered', 'policy_violation']);

/** Reads the stdout of one `gemini --output-format stream-json` process; unknown lines are ignored. */
export function newGeminiReader(): { readLine(line: string): AgentEvent[] } {
  const calls = new Map<string, string>();
  const denied = new Set<string>();
  let turns = 0;
  let isSpeaking = false;

  function report(line: ResultLine): FinalReport {
    const ok = line.status === 'success';
    const message = line.error?.message ?? '';
    const problem = ok ? undefined : problemOfResult(message);
    const text = beginning(firstLine(message), 300);
    return {
      ok,
      problem,
      text: text || undefined,
      turns,
      tokens: line.stats && statsTokens(line.stats),
      deniedTools: denied.size > 0 ? [...denied] : undefined,
    };
  }

  return {
    readLine(raw) {
      const parsed = Line.safeParse(objectIn(raw));
      if (!parsed.success) return [];
      const line = parsed.data;
      switch (line.type) {
        case 'init': {
          const { model, session_id: cliSession } = line;
          return [{ kind: 'started', model, cliSession }];
        }
        case 'message': {
          if (line.role !== 'assistant') return [];
          const { content: text = '', delta } = line;
          // Text arrives in pieces. One that starts with a blank, punctuation or a lower-case letter continues a sentence.
          const continues = delta && /^[\s,.;:)\]a-z]/.test(text);
          const said: AgentEvent = { kind: 'said', text, continues, isMore: isSpeaking };
          isSpeaking = true;
          return [said];
        }
        case 'tool_use':
          turns += 1;
          isSpeaking = false;
          // Only a few calls are open at a time; older ones have ended.
          if (calls.size > 200) calls.clear();
          if (line.tool_id) calls.set(line.tool_id, line.tool_name);
          return [toolCall(line.tool_name, line.parameters, WRITERS)];
        case 'tool_result': {
          isSpeaking = false;
          const name = calls.get(line.tool_id ?? '');
          if (name && denied.size < 20 && DENIED.has(line.error?.type ?? '')) denied.add(name);
          const text = line.output || (line.error?.message ?? '');
          const outputs = () => [{ text, failed: line.status === 'error' }];
          return [{ kind: 'returned', count: 1, outputs }];
        }
        case 'result': {
          const final: AgentEvent = { kind: 'final', report: report(line) };
          const text = `failed: ${line.error?.message || 'no reason given'}`;
          return line.status === 'error' ? [{ kind: 'noted', text }, final] : [final];
        }
        default:
          return line satisfies never;
      }
    },
  };
}

function statsTokens({
  input,
  output_tokens: spoken,
  cached,
  ...all
}: NonNullable<ResultLine['stats']>): TokenCounts {
  // Thoughts are billed as output, and appear only in the total.
  return { input, output: Math.max(spoken, all.total_tokens - all.input_tokens), cached };
}
