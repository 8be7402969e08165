import * as z from 'zod';
import { defineTool } from '../define-tool.ts';

export const setupProjectTool = defineTool({
  name: 'setup_project',
  title: 'Set up a project for samocode',
  description: [
    'Check the .samocode file of a project, or make it with its folders, so that sessions can run there.',
    'Use once per repository, or when another tool says that a setting is wrong. An existing file is never changed.',
    'Returns what was done and the settings in use; then start_session.',
  ].join('\n'),
  input: z.strictObject({
    project_dir: z
      .string()
      .optional()
      .describe("Absolute path of the git repository; else the client's folder."),
    provider: z.string().optional().describe('For a new file: claude, codex, gemini or rehearsal.'),
    check: z
      .string()
      .optional()
      .describe('For a new file: a command that must exit 0 before a session is done, as npm test.'),
    sessions: z.string().optional().describe('For a new file: folder of the session notes.'),
    worktrees: z.string().optional().describe('For a new file: folder of the working copies.'),
    init_repository: z
      .boolean()
      .default(false)
      .describe('Make the folder, git init and a first commit. Only after the user said yes.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'samocode set up, initialise, configure, check a project',
  async handle(input, { actions }) {
    const { setupProject } = await import('../../actions/setup-project.ts');
    const { kind, project, done, warnings } = await setupProject(
      {
        projectDir: input.project_dir,
        sessions: input.sessions,
        worktrees: input.worktrees,
        lines: {
          ...(input.provider?.trim() && { PROVIDER: input.provider.trim() }),
          ...(input.check?.trim() && { CHECK: input.check.trim() }),
        },
        initRepository: input.init_repository,
      },
      actions,
    );
    const { values, mainRepo, filePath } = project;
    return {
      summary: kind === 'made' ? `${filePath} was made.` : `${filePath} is in order.`,
      next: 'start_session with a task',
      main_repo: mainRepo,
      sessions: values.sessions,
      worktrees: values.worktrees,
      provider: values.provider,
      done,
      warnings,
    };
  },
});
