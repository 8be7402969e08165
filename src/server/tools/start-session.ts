import * as z from 'zod';
import { PROVIDER_CHOICES } from '../../providers/registry.ts';
import { defineTool } from '../calls/define-tool.ts';
import { ByPhase, CapsArgument, ProjectDir } from '../calls/fields.ts';
import { OF_SESSION, resultWith, TEXTS } from '../calls/result-fields.ts';
import { sessionFields } from '../calls/session-fields.ts';

const Text = (words: string) => z.string().optional().describe(words);

export const startSessionTool = defineTool({
  name: 'start_session',
  title: 'Start a session',
  description: [
    'Start an unattended coding session on a task, in its own git worktree and branch; it continues when this chat ends.',
    'Use when the user wants samocode to do a task or research a topic.',
    'To continue an existing session use resume_session, or from. Returns its name and cursor; then wait.',
  ].join('\n'),
  input: z.strictObject({
    task: Text("What to do, in the user's words."),
    dive: Text('A topic to research first, or instead.'),
    from: Text('Instead of a task: a folder prepared by hand.'),
    phase: Text('With from: phase to continue at.'),
    approve: Text('Its plan file, if the user said yes to it. Like auto_approve.'),
    name: Text('Words and hyphens.'),
    group: Text('Groups can be awaited and stopped.'),
    project_dir: ProjectDir,
    provider: Text(`${PROVIDER_CHOICES} (no model).`),
    providers: ByPhase.describe('For single phases: {"quality":"codex"}'),
    fallback: Text('Who takes over at a usage limit: "codex,gemini"'),
    model: Text("As the provider's CLI names it."),
    models: ByPhase.describe('Likewise: {"planning":"opus"}'),
    timeout_s: z.int().min(1).optional().describe('Seconds that one agent may work.'),
    caps: CapsArgument.describe('Limits of the session; it blocks there and asks.'),
    base: Text('Where it begins, if not the default branch.'),
    branch: Text('Name of the branch to make.'),
    auto_approve: z
      .boolean()
      .default(false)
      .describe('Approve the plan without asking. Only when the user said so; recorded as yours.'),
    accept_suggestions: z.boolean().default(false).describe('Accept suggested answers. Like auto_approve.'),
    sandbox: Text('guard, auto or off; only a person may choose less than the project has.'),
    start: z.boolean().default(true).describe('false: only prepare it.'),
  }),
  output: resultWith({
    ...OF_SESSION,
    sandbox: z.string().optional().describe('The sandbox of its agents.'),
    branch: z.string().optional().describe('The branch that it works on.'),
    provider: z.string().optional().describe('The agent CLI that does the work.'),
    worktree: z.string().optional().describe('Its folder, once there is one.'),
    warnings: TEXTS.describe('What else to know, a sentence each.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  isCore: true,
  async handle(input, { actions }) {
    const { startSession } = await import('../../actions/sessions/start-session.ts');
    const { caps, start: run } = input;
    // The call's words are read and judged with every other setting.
    const settings = {
      provider: input.provider,
      model: input.model,
      timeoutSeconds: input.timeoutS,
      providerByPhase: input.providers,
      modelByPhase: input.models,
      fallback: input.fallback,
      maxCostUsd: caps?.usd,
      maxTokens: caps?.tokens,
      maxHours: caps?.hours,
      maxIterations: caps?.iterations,
    };
    const { view, file, warnings } = await startSession({ ...input, settings, run }, actions);
    return {
      ...sessionFields(view),
      sandbox: file.sandbox,
      branch: file.settings.branch,
      provider: file.settings.provider,
      worktree: view.state.worktree?.path,
      warnings,
    };
  },
});
