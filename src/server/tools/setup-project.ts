import * as z from 'zod';
import type { ActionContext } from '../../actions/context.ts';
import { defineTool } from '../define-tool.ts';
import { cut } from '../session-fields.ts';

export const setupProjectTool = defineTool({
  name: 'setup_project',
  title: 'Set up a project for samocode',
  description: [
    'Check the .samocode file of a project and the machine, or make it with its folders.',
    'Use once per repository, or when another tool says that a setting is wrong. An existing file is never changed.',
    'needs_trust: show its lines to the human; only when they agree, call again with trust. problems: what stops a session, and its fix.',
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
    trust: z
      .string()
      .optional()
      .describe('Hash from needs_trust. Only after the human has seen those lines and said yes.'),
    init_repository: z
      .boolean()
      .default(false)
      .describe('Make the folder, git init and a first commit. Only after the user said yes.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'set up, initialise, configure, check a project',
  async handle(input, { actions }) {
    const [{ setupProject }, { doctor }] = await Promise.all([
      import('../../actions/setup-project.ts'),
      import('../../actions/doctor.ts'),
    ]);
    const setUp = await setupProject(
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
    const { project, warnings } = setUp;
    const { values, mainRepo, filePath } = project;
    const done = [...setUp.done, ...(await trusted(input.trust, filePath, actions))];
    const { checks } = await doctor({ projectDir: filePath }, actions);
    const problems = checks.filter(({ level, id }) => level === 'fail' && id !== 'project.trust');
    const needsTrust = await trustNeeded(filePath, actions);
    return {
      summary: summaryOf(filePath, setUp.kind, problems.length, needsTrust !== undefined),
      next: needsTrust
        ? 'show needs_trust.lines to the human; if they agree, setup_project with trust'
        : problems.length > 0
          ? 'mend the problems, or tell the human; then start_session'
          : 'start_session with a task',
      main_repo: mainRepo,
      sessions: values.sessions,
      worktrees: values.worktrees,
      provider: values.provider,
      needs_trust: needsTrust,
      problems: problems.map(({ found, fix }) => `${cut(found, 300)} ${fix ?? ''}`.trim()),
      done,
      warnings,
    };
  },
});

async function trusted(
  hash: string | undefined,
  filePath: string,
  actions: ActionContext,
): Promise<string[]> {
  if (!hash?.trim()) return [];
  const [{ trustProject }, { riskyLineWords }] = await Promise.all([
    import('../../actions/trust-project.ts'),
    import('../../actions/require-trust.ts'),
  ]);
  const { lines } = await trustProject({ projectDir: filePath, hash }, actions);
  return lines.length > 0 ? [`Trusted: ${lines.map(riskyLineWords).join('; ')}.`] : [];
}

async function trustNeeded(projectDir: string, actions: ActionContext) {
  const [{ readTrust }, { riskyLineWords, shortHash }] = await Promise.all([
    import('../../actions/trust-project.ts'),
    import('../../actions/require-trust.ts'),
  ]);
  const { trust } = await readTrust({ projectDir }, actions);
  if (trust.kind === 'fine') return undefined;
  return { hash: shortHash(trust.hash), lines: trust.lines.map(riskyLineWords) };
}

function summaryOf(
  filePath: string,
  kind: 'made' | 'checked',
  problems: number,
  needsTrust: boolean,
): string {
  const did = kind === 'made' ? `${filePath} was made` : `${filePath} can be read`;
  if (problems === 0 && !needsTrust) return `${did}. Sessions can run here.`;
  const missing = [
    ...(needsTrust ? ['the human has not yet trusted some of its lines'] : []),
    ...(problems > 0
      ? [problems === 1 ? 'one problem is to be mended' : `${problems} problems are to be mended`]
      : []),
  ];
  return `${did}, but no session can run yet: ${missing.join(', and ')}.`;
}
