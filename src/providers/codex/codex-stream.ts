import * as z from 'zod';
import type { ChildEvent, FinalReport } from '../contract/provider.ts';
import { calling, noting, resulting, saying, type TranscriptEntry } from '../contract/transcript.ts';
import { activity, firstLine, objectIn } from '../reading/activity.ts';
import { BROKEN_SANDBOX, problemOfTurn } from './codex-end.ts';
import { type CodexUsage, codexTokens } from './codex-rollout.ts';

const text = z.string().catch('');
const count = z.number().catch(0);

const Item = z.union([
  z.object({ type: z.literal('agent_message'), text }),
  z.object({
    type: z.literal('command_execution'),
    command: text,
    aggregated_output: text,
    exit_code: z.number().nullish().catch(undefined),
  }),
  z.object({
    type: z.literal('file_change'),
    changes: z.array(z.object({ path: z.string(), kind: text })).catch([]),
  }),
  z.object({ type: z.literal('mcp_tool_call'), server: text, tool: text }),
  z.object({ type: z.literal('web_search'), query: text }),
  z.object({ type: z.literal('error'), message: text }),
  z.object({ type: z.string() }).transform(() => ({ type: 'other' as const })),
]);
type Item = z.infer<typeof Item>;

const Line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: text }),
  z.object({ type: z.literal('item.started'), item: Item }),
  z.object({ type: z.literal('item.completed'), item: Item }),
  z.object({ type: z.literal('error'), message: text }),
  z.object({
    type: z.literal('turn.completed'),
    usage: z
      .object({ input_tokens: count, cached_input_tokens: count, output_tokens: count })
      .optional()
      .catch(undefined),
  }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: text }).catch({ message: '' }) }),
]);

/** Without an end: no limit of retries counts here. */
const OFFLINE = /^Reconnecting\.\.\. waiting for network\b/;
/** A last message beyond this is no signal. */
const MAX_SIGNAL_TEXT = 64 * 1024;

/**
 * Reads the stdout of one `codex exec --json` process. Unknown types and broken lines are noise; an
 * `error` line is a word on the way, only `turn.failed` is an end.
 */
export function newCodexReader(): { readLine(line: string): ChildEvent[] } {
  let lastMessage = '';
  let commands = 0;
  let brokenBySandbox = 0;

  function readCompleted(item: Item): ChildEvent[] {
    if (item.type === 'agent_message') {
      lastMessage = item.text;
      const words = firstLine(item.text);
      return words ? [activity(words)] : [];
    }
    if (item.type === 'command_execution') {
      commands += 1;
      if (item.exit_code !== 0 && item.aggregated_output.startsWith('bwrap: ')) brokenBySandbox += 1;
    }
    const { length: count } = describe(item);
    return count > 0 ? [{ kind: 'tools_ended', count }] : [];
  }

  function completed(usage: CodexUsage | undefined) {
    const tokens = usage && codexTokens(usage);
    const words = firstLine(lastMessage).slice(0, 300);
    const isSandboxBroken = commands > 0 && brokenBySandbox === commands;
    const report: FinalReport = {
      ok: !isSandboxBroken,
      problem: isSandboxBroken ? BROKEN_SANDBOX : undefined,
      text: words || undefined,
      tokens,
      ...(looksLikeObject(lastMessage) && { signalText: lastMessage }),
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
          return describe(line.item);
        case 'item.completed':
          return readCompleted(line.item);
        case 'error':
          return [
            { ...activity(firstLine(line.message)), ...(OFFLINE.test(line.message) && { isOffline: true }) },
          ];
        case 'turn.completed':
          return [{ kind: 'final', report: completed(line.usage) }];
        case 'turn.failed': {
          const { message } = line.error;
          const words = firstLine(message).slice(0, 300);
          const problem = problemOfTurn(message);
          return [{ kind: 'final', report: { ok: false, problem, text: words || undefined } }];
        }
        default:
          return line satisfies never;
      }
    },
  };
}

function looksLikeObject(message: string): boolean {
  return message.trimStart().startsWith('{') && message.length <= MAX_SIGNAL_TEXT;
}

function describe(item: Item): ChildEvent[] {
  switch (item.type) {
    case 'command_execution':
      return [activity(`Shell: ${firstLine(withoutShell(item.command))}`, { name: 'Shell' })];
    case 'file_change':
      return item.changes.map(({ path }) => activity(`Edit: ${path}`, { name: 'Edit', path }));
    case 'mcp_tool_call':
      return [activity(`${item.server}: ${item.tool}`, { name: `${item.server}.${item.tool}` })];
    case 'web_search':
      return [activity(`Search: ${firstLine(item.query)}`, { name: 'Search' })];
    case 'agent_message':
    case 'error':
    case 'other':
      return [];
    default:
      return item satisfies never;
  }
}

/** One line of it as people read it. Never throws. */
export function codexTranscript(raw: string): TranscriptEntry[] {
  const { data: line } = Line.safeParse(objectIn(raw));
  switch (line?.type) {
    case 'item.started':
      return begun(line.item);
    case 'item.completed':
      return ended(line.item);
    case 'error':
      return line.message ? [noting(line.message)] : [];
    case 'turn.failed':
      return [noting(`failed: ${line.error.message || 'no reason given'}`)];
    default:
      return [];
  }
}

function begun(item: Item): TranscriptEntry[] {
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

function ended(item: Item): TranscriptEntry[] {
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

/** `/bin/bash -lc 'words'` is shown as its words. */
export function withoutShell(command: string): string {
  const inner = /^\S*\/?(?:ba|z|da)?sh -l?c (.*)$/s.exec(command.trim())?.[1] ?? command;
  return /^'[^']*'$/.test(inner) || /^"[^"$`\\]*"$/.test(inner)
    ? inner.slice(1, -1)
    : inner.replace(/^'/, '');
}
