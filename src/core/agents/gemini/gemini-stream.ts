import * as z from 'zod';
import { beginning } from '../../kernel/text.ts';
import type { ChildEvent, FinalReport, TokenCounts } from '../contract/events.ts';
import { calling, noting, resulting, saying, type TranscriptEntry } from '../contract/transcript.ts';
import { activity, firstLine, objectIn, shortPath } from '../reading/activity.ts';
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
export function newGeminiReader(): { readLine(line: string): ChildEvent[] } {
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
          // Text arrives in pieces; the first one describes all of it.
          const about = isSpeaking ? '' : firstLine(line.content ?? '');
          isSpeaking = true;
          return about ? [activity(about)] : [];
        }
        case 'tool_use':
          turns += 1;
          isSpeaking = false;
          // Only a few calls are open at a time; older ones have ended.
          if (calls.size > 200) calls.clear();
          if (line.tool_id) calls.set(line.tool_id, line.tool_name);
          return [describe(line.tool_name, line.parameters)];
        case 'tool_result': {
          isSpeaking = false;
          const name = calls.get(line.tool_id ?? '');
          if (name && denied.size < 20 && DENIED.has(line.error?.type ?? '')) denied.add(name);
          return [{ kind: 'tools_ended', count: 1 }];
        }
        case 'result':
          return [{ kind: 'final', report: report(line) }];
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

function describe(name: string, parameters: Record<string, unknown>): ChildEvent {
  const field = describingParameter(parameters);
  const about = field ? firstLine(String(parameters[field])) : '';
  const path = WRITERS.has(name) && field === 'file_path' ? about : undefined;
  const short = field?.endsWith('path') ? shortPath(about, '') : about;
  return activity(short ? `${name}: ${short}` : name, { name, path });
}

/** In order of preference. */
const DESCRIBING = ['command', 'file_path', 'absolute_path', 'dir_path', 'path', 'pattern', 'query', 'url'];

function describingParameter(parameters: Readonly<Record<string, unknown>>): string | undefined {
  return DESCRIBING.find((name) => typeof parameters[name] === 'string');
}

/** One line of Gemini CLI's output, rendered for people. Never throws. */
export function geminiTranscript(raw: string): TranscriptEntry[] {
  const { data: line } = Line.safeParse(objectIn(raw));
  switch (line?.type) {
    case 'init':
      return line.model ? [noting(`starts with ${line.model}`)] : [];
    case 'message': {
      const { role, content: text = '', delta } = line;
      if (role !== 'assistant') return [];
      // A piece that starts with a blank, punctuation or a lower-case letter continues a sentence.
      const continues = delta && /^[\s,.;:)\]a-z]/.test(text);
      return saying(text).map((entry) => (continues ? { ...entry, text, continues } : entry));
    }
    case 'tool_use': {
      const field = describingParameter(line.parameters);
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
