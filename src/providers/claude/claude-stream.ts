import * as z from 'zod';
import type { ChildEvent } from '../contract/provider.ts';
import { activity, firstLine, objectIn, shortPath } from '../reading/activity.ts';
import { ClaudeAnswers } from './claude-answers.ts';
import { ClaudeResult, reportOf, Usage } from './claude-result.ts';

const text = z.string().optional().catch(undefined);
const number = z.number().nullish().catch(undefined);

const SystemLine = z.object({
  type: z.literal('system'),
  subtype: text,
  session_id: text,
  model: text,
  cwd: text,
  claude_code_version: text,
  attempt: number,
  max_retries: number,
  error_status: number,
  fallback_model: text,
});

const Block = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), thinking: z.string() }),
  z.object({
    type: z.literal('tool_use'),
    name: z.string(),
    input: z.record(z.string(), z.unknown()).catch({}),
  }),
  z.object({ type: z.string() }).transform(() => ({ type: 'other' as const })),
]);

const AssistantLine = z.object({
  type: z.literal('assistant'),
  error: text,
  message: z.object({ id: text, content: z.array(Block).catch([]), usage: Usage }),
});

const RateLimitLine = z.object({
  type: z.literal('rate_limit_event'),
  rate_limit_info: z.object({ status: z.string(), resetsAt: number }),
});

const Line = z.discriminatedUnion('type', [SystemLine, AssistantLine, RateLimitLine, ClaudeResult]);

// A tool's result can be megabytes long; such lines are told apart without parsing them.
const WANTED = /"type": ?"(?:system|assistant|rate_limit_event|result)"/;

const IS_USER = /^\{"type": ?"user"/;
/** In a text its quotes are escaped. */
const TOOL_RESULT = /"type": ?"tool_result"/g;

/** Tools whose path is a file that they change. */
const WRITERS: ReadonlySet<string> = new Set(['Edit', 'MultiEdit', 'NotebookEdit', 'Write']);

const PATH_FIELDS = new Set(['file_path', 'notebook_path', 'path']);

/**
 * Reads the stdout of one `claude -p --output-format stream-json` process, or of a child that prints
 * like it. Unknown types and broken lines are noise; of several `result` lines each gives a `final`.
 */
export function newClaudeReader(): { readLine(line: string): ChildEvent[] } {
  let cwd = '';
  let errorClass: string | undefined;
  let limit: { until?: number } | undefined;
  const answers = new ClaudeAnswers();

  function readSystem(line: z.infer<typeof SystemLine>): ChildEvent[] {
    if (line.subtype === 'init') {
      cwd = line.cwd ?? cwd;
      const { claude_code_version: version, model, session_id: cliSession } = line;
      return [{ kind: 'started', version, model, cliSession }];
    }
    if (line.subtype === 'api_retry') {
      const cause = line.error_status ? `HTTP ${line.error_status}` : 'no answer';
      return [activity(`API retry ${line.attempt ?? '?'} of ${line.max_retries ?? '?'} (${cause})`)];
    }
    if (line.subtype === 'model_fallback' && line.fallback_model) {
      return [activity(`Fallback model: ${line.fallback_model}`)];
    }
    return [];
  }

  function spentBy({ error, message }: z.infer<typeof AssistantLine>): ChildEvent[] {
    const { id, usage, content } = message;
    if (!usage || id === undefined) return [];
    const input = (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    const told = { input, output: usage.output_tokens ?? 0, cached: usage.cache_read_input_tokens ?? 0 };
    // The CLI's own words about an error came from no model.
    const characters = error === undefined ? content.reduce((sum, block) => sum + lengthOf(block), 0) : 0;
    const tokens = answers.note(id, told, characters);
    return tokens ? [{ kind: 'spent', tokens }] : [];
  }

  return {
    readLine(raw) {
      const results = IS_USER.test(raw) ? (raw.match(TOOL_RESULT)?.length ?? 0) : 0;
      if (results > 0) return [{ kind: 'tools_ended', count: results }];
      const parsed = Line.safeParse(WANTED.test(raw) ? objectIn(raw) : undefined);
      if (!parsed.success) return [];
      const line = parsed.data;
      switch (line.type) {
        case 'system':
          return readSystem(line);
        case 'assistant':
          errorClass = line.error;
          return [...spentBy(line), ...line.message.content.flatMap((block) => describe(block, cwd))];
        case 'rate_limit_event': {
          const { status, resetsAt } = line.rate_limit_info;
          limit = status === 'rejected' ? { ...(resetsAt && { until: resetsAt * 1000 }) } : undefined;
          return limit ? [{ kind: 'limit', ...limit }] : [];
        }
        case 'result':
          return [{ kind: 'final', report: reportOf(line, { errorClass, limit }) }];
        default:
          return line satisfies never;
      }
    },
  };
}

function lengthOf(block: z.infer<typeof Block>): number {
  switch (block.type) {
    case 'text':
      return block.text.length;
    case 'thinking':
      return block.thinking.length;
    case 'tool_use':
      return block.name.length + JSON.stringify(block.input).length;
    case 'other':
      return 0;
    default:
      return block satisfies never;
  }
}

function describe(block: z.infer<typeof Block>, cwd: string): ChildEvent[] {
  if (block.type === 'text') {
    const words = firstLine(block.text);
    return words ? [activity(words)] : [];
  }
  if (block.type !== 'tool_use') return [];
  const field = tellingField(block.input);
  const about = field ? firstLine(String(block.input[field])) : '';
  const short = field && PATH_FIELDS.has(field) ? shortPath(about, cwd) : about;
  const path = WRITERS.has(block.name) && typeof block.input[field ?? ''] === 'string' ? about : undefined;
  const tool = { name: block.name, path };
  return [activity(short ? `${block.name}: ${short}` : block.name, tool)];
}

/** In order of preference. */
const TELLING_FIELDS = [
  'command',
  'file_path',
  'notebook_path',
  'pattern',
  'path',
  'url',
  'query',
  'skill',
  'description',
  'prompt',
];

/** The field of a tool's input that says best what the call is about. */
export function tellingField(input: Readonly<Record<string, unknown>>): string | undefined {
  return TELLING_FIELDS.find((name) => typeof input[name] === 'string');
}
