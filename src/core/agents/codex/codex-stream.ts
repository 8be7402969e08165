import { join } from 'node:path';
import * as z from 'zod';
import { beginning } from '../../kernel/text.ts';
import type { AgentEvent, FinalReport, TokenCounts, ToolCall, ToolOutput } from '../contract/events.ts';
import type { TraceQuestion, Traces } from '../contract/provider.ts';
import { callText, firstLine, objectIn } from '../reading/activity.ts';
import { linesOfLog } from '../reading/cli-log.ts';
import { limitEndIn } from '../reading/limit-time.ts';
import { apartFromCache } from '../reading/tally.ts';
import { BROKEN_SANDBOX, problemOfTurn } from './codex-end.ts';
import { tokensOfHelpers } from './codex-helpers.ts';
import { windowOfMinutes } from './codex-windows.ts';

const text = z.string().catch('');
const count = z.number().catch(0);

/** `declined`: its reviewer denied it. What Codex refuses by itself is no item. */
const status = z.string().optional().catch(undefined);

const Item = z.union([
  z.object({ type: z.literal('agent_message'), text }),
  z.object({
    type: z.literal('command_execution'),
    command: text,
    aggregated_output: text,
    exit_code: z.number().nullish().catch(undefined),
    status,
  }),
  z.object({
    type: z.literal('file_change'),
    changes: z.array(z.object({ path: z.string(), kind: text })).catch([]),
    status,
  }),
  z.object({ type: z.literal('mcp_tool_call'), server: text, tool: text, status }),
  z.object({ type: z.literal('web_search'), query: text }),
  z.object({ type: z.literal('error'), message: text }),
  z.object({ type: z.string() }).transform(() => ({ type: 'other' as const })),
]);
type Item = z.infer<typeof Item>;

/** Token counts, as Codex names them in its output and its log. */
const Usage = z
  .object({ input_tokens: count, cached_input_tokens: count, output_tokens: count })
  .optional()
  .catch(undefined);

const Line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: text }),
  z.object({ type: z.literal('item.started'), item: Item }),
  z.object({ type: z.literal('item.completed'), item: Item }),
  z.object({ type: z.literal('error'), message: text }),
  z.object({ type: z.literal('turn.completed'), usage: Usage }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: text }).catch({ message: '' }) }),
]);

/** Printed while Codex retries without limit. */
const OFFLINE = /^Reconnecting\.\.\. waiting for network\b/;
/** A longer last message is not a signal. */
const MAX_SIGNAL_TEXT = 64 * 1024;

/**
 * Reads the stdout of one `codex exec --json` process. Unknown types and broken lines are ignored; an `error`
 * line reports a temporary error; only `turn.failed` is an end.
 */
export function newCodexReader(): { readLine(line: string): AgentEvent[] } {
  let lastMessage = '';
  let commands = 0;
  let brokenBySandbox = 0;

  function readCompleted(item: Item): AgentEvent[] {
    if (item.type === 'agent_message') {
      lastMessage = item.text;
      return [{ kind: 'said', text: item.text }];
    }
    if (item.type === 'error') return [{ kind: 'noted', text: item.message }];
    if (item.type === 'command_execution') {
      commands += 1;
      if (item.exit_code !== 0 && item.aggregated_output.startsWith('bwrap: ')) brokenBySandbox += 1;
    }
    const [call, ...more] = callsIn(item);
    if (call === undefined) return [];
    const state = 'status' in item ? item.status : undefined;
    const count = 1 + more.length;
    const failed = state === 'declined' || state === 'failed' ? count : undefined;
    return [
      { kind: 'returned', count, failed, outputs: () => outputsOf(item) },
      ...(state === 'declined' ? [{ kind: 'denied' as const, why: callText(call) }] : []),
    ];
  }

  function completed(usage: z.infer<typeof Usage>) {
    const tokens = usage && turnTokens(usage);
    const message = beginning(firstLine(lastMessage), 300);
    const isSandboxBroken = commands > 0 && brokenBySandbox === commands;
    const report: FinalReport = {
      ok: !isSandboxBroken,
      problem: isSandboxBroken ? BROKEN_SANDBOX : undefined,
      text: message || undefined,
      tokens,
      ...(mayBeObject(lastMessage) && { signalText: lastMessage }),
    };
    return report;
  }

  return {
    readLine(raw) {
      const parsed = Line.safeParse(objectIn(raw));
      if (!parsed.success) return [];
      const line = parsed.data;
      switch (line.type) {
        case 'thread.started':
          return [{ kind: 'started', cliSession: line.thread_id }];
        case 'item.started':
          return callsIn(line.item);
        case 'item.completed':
          return readCompleted(line.item);
        case 'error': {
          const { message: text } = line;
          return text ? [{ kind: 'noted', text, now: firstLine(text), isOffline: OFFLINE.test(text) }] : [];
        }
        case 'turn.completed':
          return [{ kind: 'final', report: completed(line.usage) }];
        case 'turn.failed': {
          const { message } = line.error;
          const text = beginning(firstLine(message), 300);
          const problem = problemOfTurn(message);
          return [
            { kind: 'noted', text: `failed: ${message || 'no reason given'}` },
            { kind: 'final', report: { ok: false, problem, text: text || undefined } },
          ];
        }
        default:
          return line satisfies never;
      }
    },
  };
}

function mayBeObject(message: string): boolean {
  return message.trimStart().startsWith('{') && message.length <= MAX_SIGNAL_TEXT;
}

function callsIn(item: Item): ToolCall[] {
  switch (item.type) {
    case 'command_execution':
      return [{ kind: 'called', tool: 'Shell', about: withoutShell(item.command) }];
    case 'file_change':
      return item.changes.map(({ path, kind }) => {
        return { kind: 'called', tool: 'Edit', about: path, path, isNew: kind === 'add' };
      });
    case 'mcp_tool_call': {
      const { server, tool } = item;
      return [{ kind: 'called', tool: `${server}.${tool}`, title: server, about: tool }];
    }
    case 'web_search':
      return [{ kind: 'called', tool: 'Search', about: item.query }];
    case 'agent_message':
    case 'error':
    case 'other':
      return [];
    default:
      return item satisfies never;
  }
}

function outputsOf(item: Item): ToolOutput[] {
  if (item.type !== 'command_execution') return [];
  return [{ text: item.aggregated_output, failed: item.exit_code !== 0 }];
}

/** `/bin/bash -lc 'command'` is shown as its command. */
export function withoutShell(command: string): string {
  const inner = /^\S*\/?(?:ba|z|da)?sh -l?c (.*)$/s.exec(command.trim())?.[1] ?? command;
  return /^'[^']*'$/.test(inner) || /^"[^"$`\\]*"$/.test(inner)
    ? inner.slice(1, -1)
    : inner.replace(/^'/, '');
}

const Window = z
  .object({
    used_percent: z.number(),
    resets_at: z.number(),
    window_minutes: z.number().optional().catch(undefined),
  })
  .nullish()
  .catch(undefined);
const name = z.string().optional().catch(undefined);

const RolloutLine = z.object({
  timestamp: name,
  payload: z.object({
    cli_version: name,
    model: name,
    // Written after every answer of the model; older versions write `info` instead.
    thread_token_usage: Usage,
    info: z.object({ total_token_usage: Usage }).nullish().catch(undefined),
    rate_limits: z.object({ primary: Window, secondary: Window }).nullish().catch(undefined),
  }),
});

const RELEVANT = /"(?:cli_version|model|rate_limits|thread_token_usage|total_token_usage)"/;

/**
 * Reads from Codex's log of a thread (`$CODEX_HOME/sessions/YYYY/MM/DD/rollout-*-<thread>.jsonl`) the facts that
 * its output lacks: version, model, the end of a usage limit, and usage after every answer.
 */
export async function readCodexTraces(question: TraceQuestion): Promise<Traces> {
  const { folder, cliSession, final, now } = question;
  const lines = await linesOfLog(join(folder, 'sessions'), `${cliSession}.jsonl`, RELEVANT);
  const ofHelpers = await tokensOfHelpers(join(folder, 'sessions'), cliSession);
  const traces: Traces = Object.assign({}, ...lines.map(readRolloutLine), ofHelpers && { ofHelpers });
  const until = traces.limitedUntil ?? limitEndIn(final?.text ?? '', now);
  // The end of an older window does not apply to the current limit.
  if (until !== undefined && until > now) return { ...traces, limitedUntil: until };
  const { limitedUntil: _, ...rest } = traces;
  return rest;
}

/** The facts of one line; later lines override. Never throws. */
function readRolloutLine(raw: string): Traces {
  const line = RolloutLine.safeParse(objectIn(raw));
  if (!line.success) return {};
  const { cli_version: version, model, rate_limits: limits, info, thread_token_usage } = line.data.payload;
  const until = limits && limitEnd([limits.primary, limits.secondary]);
  const seenAt = Date.parse(line.data.timestamp ?? '');
  const windows = [limits?.primary, limits?.secondary].flatMap((window) =>
    windowOfMinutes({
      minutes: window?.window_minutes,
      percent: window?.used_percent,
      endsAt: window?.resets_at,
      ...(Number.isFinite(seenAt) && { seenAt }),
    }),
  );
  const usage = thread_token_usage ?? info?.total_token_usage;
  return {
    ...(version && { version }),
    ...(model && { model }),
    ...(until && { limitedUntil: until }),
    ...(windows.length > 0 && { windows }),
    ...(usage && { tokens: turnTokens(usage) }),
  };
}

function turnTokens(usage: NonNullable<z.infer<typeof Usage>>): TokenCounts {
  const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = usage;
  return apartFromCache({ input, output, cached });
}

/** The latest end among exhausted windows. */
function limitEnd(windows: ReadonlyArray<z.infer<typeof Window>>): number | undefined {
  const ends = windows.flatMap((window) =>
    window && window.used_percent >= 100 ? [window.resets_at * 1000] : [],
  );
  return ends.length > 0 ? Math.max(...ends) : undefined;
}
