import * as z from 'zod';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import { camelKeys, defineTool } from '../../faces/mcp/define-tool.ts';
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
import {
  START_CHOICE_ROWS,
  type StartChoiceRow,
  settingsOfLimits,
  startInput,
} from './start/start-choices.ts';

const SCHEMAS = {
  text: z.string().optional(),
  yes: z.boolean().default(false),
  seconds: z.int().min(1).optional(),
  by_phase: ByPhase,
  pool: z.literal('pool').optional(),
} as const;

const again = z.boolean().optional().describe('true: one more.');

/** Made when it is first asked for, since it names the providers. */
const inputSchema = once(() => {
  const rare = { ...argumentsOf((row) => row.isRare === true), again };
  return z.strictObject({
    ...argumentsOf((row) => row.isRare !== true),
    limits: LimitsArgument.describe('If the user set some; at one it asks.'),
    project_dir: ProjectDir,
    start: z.boolean().default(true).describe('false: only prepare.'),
    options: z.strictObject(rare).optional().describe('Rare choices.'),
    // Where they were until 0.2.0; taken for one release more, and not listed.
    ...Object.fromEntries(
      Object.entries(rare).map(([name, field]) => [name, (field as z.ZodType).meta({ deprecated: true })]),
    ),
  });
});

function argumentsOf(isWanted: (row: StartChoiceRow) => boolean): z.ZodRawShape {
  const rows = START_CHOICE_ROWS.filter(
    ([, row]) => row.kind !== 'limit' && !row.isForTerminal && isWanted(row),
  );
  return Object.fromEntries(
    rows.map(([name, { kind = 'text', about, tool = `${capitalised(about)}.` }]) => [
      argumentOf(name, kind),
      SCHEMAS[kind as keyof typeof SCHEMAS].describe(tool),
    ]),
  );
}

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
    'To continue one: resume_session. Then wait.',
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
    const { limits, start: run, projectDir, options = {}, ...listed } = input;
    // TypeScript does not know the arguments generated from the table.
    const chosen = { ...listed, ...camelKeys(options) } as { timeoutS?: number; again?: boolean };
    const { timeoutS: timeout, again: isAgain = false, ...others } = chosen;
    const wanted = startInput({ ...others, timeout, ...settingsOfLimits(limits) });
    const asks = { bring: bringByForm(context), askQuick: askQuickByForm(context) };
    const begun = await startSession(
      { ...wanted, project: projectDir, run, again: isAgain, ...asks },
      actions,
    );
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
  return `The same call started this session ${age(ms)} ago, so no second one was started; options: {again: true} starts one.`;
}
