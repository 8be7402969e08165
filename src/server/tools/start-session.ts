import * as z from 'zod';
import type { SessionSettings } from '../../project/settings.ts';
import { defineTool } from '../define-tool.ts';
import { ProjectDir } from '../fields.ts';
import { sessionFields } from '../session-fields.ts';

const Text = (words: string) => z.string().optional().describe(words);

export const startSessionTool = defineTool({
  name: 'start_session',
  title: 'Start a session',
  description: [
    'Start an unattended coding session on a task: it works in a git worktree and branch of its own and goes on when this chat ends.',
    "Use when the user wants samocode to do a task, or to research a topic. Pass the user's own words.",
    'To go on with an existing session use resume_session. Returns its name and cursor; then wait.',
  ].join('\n'),
  input: z.strictObject({
    task: Text("What is to be done, in the user's words. A task or a dive is needed."),
    dive: Text('A topic to research first, or alone.'),
    name: Text('Short name: words and hyphens. Left out, it is made from the task.'),
    project_dir: ProjectDir,
    provider: Text('claude, codex, gemini or rehearsal (no model, to try things out).'),
    model: Text('Model for the agents, as their CLI names it.'),
    timeout_s: z.int().min(1).optional().describe('How long one agent may work, in seconds.'),
    base: Text("Branch, tag or commit to begin at; else the remote's default branch."),
    branch: Text('Whole name of the branch to make.'),
    auto_approve: z
      .boolean()
      .default(false)
      .describe('The plan needs no approval. Only when the user said so.'),
    accept_suggestions: z
      .boolean()
      .default(false)
      .describe('Questions get their suggestions. Only when the user said so.'),
    start: z.boolean().default(true).describe('false: prepare everything and run when resumed.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  isCore: true,
  async handle(input, { actions }) {
    const { startSession } = await import('../../actions/start-session.ts');
    const { view, file, warnings } = await startSession(
      {
        task: input.task,
        dive: input.dive,
        name: input.name,
        projectDir: input.project_dir,
        // The call's words are read and judged with every other setting.
        settings: {
          provider: input.provider,
          model: input.model,
          timeoutSeconds: input.timeout_s,
        } as SessionSettings,
        base: input.base,
        branch: input.branch,
        autoApprove: input.auto_approve,
        acceptSuggestions: input.accept_suggestions,
        run: input.start,
      },
      actions,
    );
    return {
      ...sessionFields(view),
      branch: file.settings.branch,
      provider: file.settings.provider,
      worktree: view.state.worktree?.path,
      warnings,
    };
  },
});
