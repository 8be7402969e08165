import * as z from 'zod';
import type { Happening } from '../../actions/wait-for-change.ts';
import { WAIT_UNTIL } from '../../actions/wait-until.ts';
import { defineTool } from '../define-tool.ts';
import { ProjectDir, SessionName } from '../fields.ts';
import { cut, reportFields } from '../session-fields.ts';
import type { ToolContext } from '../tool.ts';
import { waitLimitMs } from '../wait-limits.ts';

export const waitTool = defineTool({
  name: 'wait',
  title: 'Wait for a session',
  description: [
    'Wait until a coding session changes, needs the human, or is done; then tell what happened.',
    'Use after start_session and after every human act, instead of polling. Pass the cursor of the last result: nothing is lost between two calls.',
    'With changed: false the time was over: call it again. In Claude Code a timeout_s of 1800 goes on in the background and wakes you. In a script of Codex, begin with // @exec: {"yield_time_ms": 280000} and print structuredContent alone.',
  ].join('\n'),
  input: z.strictObject({
    session: SessionName,
    cursor: z.int().min(0).optional().describe('cursor of the last result about this session.'),
    until: z
      .enum(WAIT_UNTIL)
      .default('change')
      .describe('change: anything; attention: the human is needed or it is over; done: it is over.'),
    timeout_s: z
      .number()
      .min(0)
      .optional()
      .describe('Longest wait in seconds; cut to what the client allows.'),
    project_dir: ProjectDir,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  isCore: true,
  async handle({ session, cursor, until, timeout_s: timeoutS, project_dir: projectDir }, context) {
    const { waitForChange } = await import('../../actions/wait-for-change.ts');
    const timeoutMs = waitLimitMs(context.clientName, timeoutS);
    const { signal, actions } = context;
    const stopBeating = beat(context, session);
    try {
      const input = { session, projectDir, cursor, until, timeoutMs, signal };
      const result = await waitForChange(input, actions);
      const { changed, cursor: next, happened } = result;
      const fields = reportFields(result);
      if (!changed) return { ...unchanged(fields), changed, cursor: next };
      return { ...fields, changed, cursor: next, happened: news(happened) };
    } finally {
      stopBeating();
    }
  },
});

/** What the state itself does not tell yet. */
function news(happened: readonly Happening[]): string[] {
  const last = happened.at(-1);
  const isTold = last !== undefined && TOLD_BY_STATE.has(last.type);
  return (isTold ? happened.slice(0, -1) : happened).map(({ text }) => cut(text, 200));
}

const TOLD_BY_STATE: ReadonlySet<string> = new Set(['parked', 'limited', 'blocked', 'stopped', 'done']);

/** Below every client's limit for calls that say nothing. */
const BEAT_MS = 15_000;

/** @returns what ends the beating */
function beat({ progress, actions: { clock } }: ToolContext, session: string): () => void {
  const stop = new AbortController();
  const beating = async () => {
    for (;;) {
      await clock.sleep(BEAT_MS, stop.signal);
      progress(`waiting for ${session}`);
    }
  };
  // It only ends by being stopped, which rejects its sleep.
  beating().catch(() => undefined);
  return () => stop.abort();
}

/** Small, because a client with short calls gets hundreds of them; but a person who is needed stays told of. */
function unchanged({ summary, next, session, state }: ReturnType<typeof reportFields>) {
  return AT_WORK.has(state)
    ? { summary: 'Nothing new.', next: 'wait again', state }
    : { summary, next, session, state };
}

const AT_WORK: ReadonlySet<unknown> = new Set(['starting', 'queued', 'running', 'limited']);
