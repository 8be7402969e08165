import * as z from 'zod';
import type { SessionReport } from '../../caller/facts/get-status.ts';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { needsRescue } from '../../caller/facts/worker-now.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import {
  CURSOR,
  ProjectDir,
  resultWith,
  SESSION_FIELDS,
  SessionName,
  TEXTS,
  WORK_FIELDS,
} from '../../faces/mcp/fields.ts';
import { startProgress, waitProgress } from '../../faces/mcp/progress.ts';
import { fieldsOf } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import { waitLimitMs } from '../../faces/mcp/wait-limits.ts';
import { cut } from '../../kernel/text.ts';
import { type ReportedEvent, WAIT_UNTIL, type WaitResult, type WaitUntil } from './wait-for-change.act.ts';

const MAX_SESSIONS = 50;

export const waitTool = defineTool({
  name: 'wait',
  title: 'Wait for a session',
  description: [
    'Wait until a coding session changes, needs the user, or is done; then report what happened.',
    'Use after start_session and every user action, instead of polling. Pass the last cursor.',
    'changed: false: the time was up; call it again. As a background task (Claude Code: pass timeout_s 1800) it wakes you: end your turn. In a Codex script, begin with // @exec: {"yield_time_ms": 280000} and print structuredContent alone.',
  ].join('\n'),
  input: z
    .strictObject({
      session: SessionName.optional(),
      sessions: z.array(z.string().min(1)).min(1).max(MAX_SESSIONS).optional().describe('Instead of one.'),
      group: z.string().optional().describe('All its sessions.'),
      cursor: CURSOR.describe('cursor of its last result.'),
      until: z
        .enum(WAIT_UNTIL)
        .default('change')
        .describe('attention: needs the user or ended; done: ended; merged: its pull request is closed.'),
      timeout_s: z.number().min(0).optional().describe('Seconds; limited to what the client allows.'),
      project_dir: ProjectDir,
    })
    .refine(({ session, sessions, group }) => [session, sessions, group].filter(Boolean).length === 1, {
      error: 'Send session, one name from list_sessions, or sessions, a list of them, or group',
    }),
  output: resultWith({
    ...SESSION_FIELDS,
    ...WORK_FIELDS,
    changed: z.boolean().optional().describe('false: the time was up and nothing is new; call it again.'),
    happened: TEXTS.describe('What happened since the cursor, oldest first.'),
    left_out: z.int().optional().describe('How many older events are not in happened.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ until, timeoutS, projectDir, ...which }, context) {
    const { waitForAny } = await import('./wait-for-change.act.ts');
    // A look takes no time.
    if (
      which.sessions === undefined &&
      timeoutS !== 0 &&
      (await context.asTask?.({ ...which, until, projectDir }))
    )
      return AS_TASK;
    const timeoutMs = waitLimitMs(context.clientName, timeoutS);
    const { signal, actions } = context;
    const { group } = which;
    const sessions = which.sessions ?? (which.session === undefined ? [] : [which.session]);
    let seen: readonly SessionReport[] = [];
    const onLook = (reports: typeof seen) => {
      seen = reports;
    };
    const stopProgress = startProgress(context, () => waitProgress(seen));
    try {
      const asked = { sessions, group, cursor: which.cursor, projectDir, until, timeoutMs };
      const result = await waitForAny({ ...asked, signal, onLook }, actions);
      return waitFields(result, { until, isSeveral: which.session === undefined });
    } finally {
      stopProgress();
    }
  },
});

/** Not sent: the client gets the task. */
const AS_TASK: ToolResult = { summary: 'The client follows it as a task.' };

/** What the tool returns for the outcome of a wait: of several sessions, which one it is about. */
export function waitFields(
  result: WaitResult,
  { until, isSeveral }: { until: WaitUntil; isSeveral: boolean },
): ToolResult {
  const { groupSays = [] } = result;
  const fields = reportFieldsOf(result);
  if (!isSeveral) return { ...fields, session: undefined };
  if (groupSays.length > 0) fields.summary = groupSays.join(' ');
  // With `until: done`, a session that waits for a person is reported again: it cannot end on its own.
  const isHeldUp = until === 'done' && fields.state === 'waiting';
  if (result.changed || isHeldUp || needsRescue(result.view, result)) return fields;
  const summary = ['Nothing new in any of them.', ...groupSays].join(' ');
  return { ...fields, summary, next: [{ act: 'follow' }], session: undefined, state: undefined };
}

/** Leaves out phase and iteration, which the summary contains: repeating them costs tokens. */
function reportFieldsOf(result: WaitResult): ToolResult {
  const { changed, happened, leftOut, cursor } = result;
  const {
    phase: _,
    iteration: __,
    activity: ___,
    cursor: ____,
    says,
    worker,
    ...fields
  } = fieldsOf(sessionFacts(result.view, result), { ...SESSION_FIELDS, ...WORK_FIELDS });
  if (!changed) return { ...unchanged(fields), changed, cursor };
  return {
    ...fields,
    worker: worker === 'gone' ? worker : undefined,
    says: brief(says),
    changed,
    happened: newEvents(happened),
    left_out: leftOut || undefined,
    cursor,
  };
}

/** Shortens what get_status has in full, but no reason: at its end stands what repairs it. */
function brief(says: unknown): unknown {
  if (typeof says !== 'object' || says === null) return undefined;
  const texts = Object.entries(says);
  const most = texts.length > 1 ? 120 : 240;
  return Object.fromEntries(
    texts.map(([key, text]) => [key, key === 'reason' ? text : cut(String(text), most)]),
  );
}

/** The events that the state does not already report. */
function newEvents(happened: readonly ReportedEvent[]): string[] {
  const last = happened.at(-1);
  const isReported = last !== undefined && (last.isRoutine || REPORTED_BY_STATE.has(last.type));
  return (isReported ? happened.slice(0, -1) : happened).map(({ text }) => cut(text, 200));
}

const REPORTED_BY_STATE: ReadonlySet<string> = new Set(['parked', 'limited', 'blocked', 'stopped', 'done']);

/** Short, because a client with short calls gets hundreds of them; still says when a person is needed. */
function unchanged({ summary, next, session, state }: ToolResult): ToolResult {
  return AT_WORK.has(state)
    ? { summary: 'Nothing new.', next: [{ act: 'follow' }], session, state }
    : { summary, next, session, state };
}

const AT_WORK: ReadonlySet<unknown> = new Set(['starting', 'queued', 'running', 'limited']);
