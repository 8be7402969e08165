import * as z from 'zod';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import {
  ByPhase,
  LimitsArgument,
  ProjectDir,
  resultWith,
  SESSION_FIELDS,
  TEXTS,
} from '../../faces/mcp/fields.ts';
import { fieldsOf } from '../../faces/mcp/session-fields.ts';
import { age } from '../../kernel/durations.ts';
import { once } from '../../kernel/once.ts';
import { describeLevel } from '../../kernel/sandbox-level.ts';
import { capitalised, snakeCase } from '../../kernel/text.ts';
import { START_CHOICE_ROWS, settingsOfLimits, startInput } from './start/start-choices.ts';

const SCHEMAS = {
  text: z.string().optional(),
  yes: z.boolean().default(false),
  seconds: z.int().min(1).optional(),
  by_phase: ByPhase,
  pool: z.literal('pool').optional(),
} as const;

/** Made when it is first asked for, since it names the providers. */
const inputSchema = once(() => {
  const chosen: z.ZodRawShape = Object.fromEntries(
    START_CHOICE_ROWS.flatMap(
      ([name, { kind = 'text', about, tool = `${capitalised(about)}.`, isForTerminal }]) =>
        kind === 'limit' || isForTerminal ? [] : [[argumentOf(name, kind), SCHEMAS[kind].describe(tool)]],
    ),
  );
  return z.strictObject({
    ...chosen,
    limits: LimitsArgument.describe('As the user set them; at one it asks.'),
    project_dir: ProjectDir,
    start: z.boolean().default(true).describe('false: only prepare.'),
    again: z.boolean().optional().describe('Else the same call returns the first.'),
  });
});

/** `auto_approve`, `timeout_s`. */
function argumentOf(name: string, kind: string): string {
  return kind === 'seconds' ? `${snakeCase(name)}_s` : snakeCase(name);
}

export const startSessionTool = defineTool({
  name: 'start_session',
  title: 'Start a session',
  description: [
    'Start an unattended coding session in its own git worktree; it outlives this chat.',
    'Use when the user wants samocode to work.',
    'To continue one: resume_session or from. Then wait.',
  ].join('\n'),
  get input() {
    return inputSchema();
  },
  output: resultWith({
    ...SESSION_FIELDS,
    sandbox: z.string().optional().describe('The sandbox of its agents.'),
    branch: z.string().optional().describe('The branch that it works on.'),
    provider: z.string().optional().describe('The agent CLI that does the work.'),
    worktree: z.string().optional().describe('Its folder, once created.'),
    warnings: TEXTS.describe('What else to know, a sentence each.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  isCore: true,
  async handle(input, context) {
    const { actions } = context;
    const [{ startSession }, { bringByForm }, { askQuickByForm }] = await Promise.all([
      import('./start-session.act.ts'),
      import('./start/bring-form.ts'),
      import('./start/ask-quick.ts'),
    ]);
    const { limits, start: run, again = false, projectDir, ...chosen } = input;
    // TypeScript does not know the arguments generated from the table.
    const { timeoutS: timeout, ...others } = chosen as { timeoutS?: number };
    const wanted = startInput({ ...others, timeout, ...settingsOfLimits(limits) });
    const asks = { bring: bringByForm(context), askQuick: askQuickByForm(context) };
    const begun = await startSession({ ...wanted, project: projectDir, run, again, ...asks }, actions);
    const { view, file, warnings, startedMsAgo } = begun;
    return {
      ...fieldsOf(sessionFacts(view)),
      sandbox: describeLevel(file.sandbox),
      branch: file.settings.branch,
      provider: file.settings.provider,
      worktree: view.state.worktree?.path,
      warnings: startedMsAgo === undefined ? warnings : [startedBefore(startedMsAgo)],
    };
  },
});

function startedBefore(ms: number): string {
  return `The same call started this session ${age(ms)} ago, so no second one was started; again: true starts one.`;
}
