import * as z from 'zod';
import { defineTool } from '../../core/faces/mcp/define-tool.ts';
import { resultWith, TEXTS } from '../../core/faces/mcp/fields.ts';
import { type NextStep, TO_FILL } from '../../core/kernel/acts.ts';
import { cut } from '../../core/kernel/text.ts';

export const setupProjectTool = defineTool({
  name: 'setup_project',
  title: 'Set up a project',
  description: [
    'Check the .samocode file of a project and the machine, or create it with its folders.',
    'Use once per repository, or when another tool says that a setting is wrong. An existing file is never changed.',
    'needs_trust: show its lines to the user; only when they agree, call again with trust.',
  ].join('\n'),
  input: z.strictObject({
    project_dir: z
      .string()
      .optional()
      .describe("Absolute path of the git repository; default: the client's folder."),
    provider: z.string().optional().describe('For a new file; start_session lists them.'),
    check: z
      .string()
      .optional()
      .describe('For a new file: a command that must exit 0 before done, e.g. npm test.'),
    sessions: z.string().optional().describe('For a new file: folder of sessions.'),
    worktrees: z.string().optional().describe('For a new file: folder of worktrees.'),
    trust: z
      .string()
      .optional()
      .describe(
        'hash of needs_trust, once the user has read and accepted its lines; one that relaxes a rule needs "samocode trust".',
      ),
    init_repository: z
      .boolean()
      .default(false)
      .describe('Create the folder, git init and a first commit. Only after the user said yes.'),
  }),
  output: resultWith({
    main_repo: z.string().optional().describe('The git repository of the project.'),
    sessions: z.string().optional().describe('Its folder of sessions.'),
    worktrees: z.string().optional().describe('Its folder of worktrees.'),
    provider: z.string().optional().describe('The agent CLI that does the work.'),
    needs_trust: z
      .object({ hash: z.string().optional(), lines: z.array(z.string()) })
      .optional()
      .describe(
        'Lines that take effect only once the user trusts them, and the hash to pass as trust, if a model may.',
      ),
    problems: TEXTS.describe('Problems that keep sessions from running, each with a fix.'),
    done: TEXTS.describe('What was created or changed.'),
    warnings: TEXTS.describe('Other remarks about the settings.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  searchHint: 'initialise, configure',
  async handle(input, { actions }) {
    const [{ setupProject }, { doctor }, { trustToForward }] = await Promise.all([
      import('../../core/acts/set-up/setup-project.act.ts'),
      import('./doctor/doctor.ts'),
      import('../../core/caller/context/trust-project.ts'),
    ]);
    const { provider, check, ...folders } = input;
    const lines = {
      ...(provider?.trim() && { PROVIDER: provider.trim() }),
      ...(check?.trim() && { CHECK: check.trim() }),
    };
    const made = await setupProject({ ...folders, lines, trust: input.trust ?? '' }, actions);
    const { kind, project, done, warnings, trust } = made;
    const { values, mainRepo, filePath } = project;
    const { checks } = await doctor({ projectDir: filePath }, actions);
    const problems = checks.filter(({ level, id }) => level === 'fail' && id !== 'project.trust');
    const needsTrust = trust.kind === 'untrusted' ? trustToForward(trust) : undefined;
    return {
      summary: `${kind === 'made' ? `${filePath} was created` : `${filePath} is valid`}${missing(problems.length, needsTrust !== undefined)}`,
      next: sessionSteps(problems.length, needsTrust),
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

/** The end of the summary: what must be done before a session can run. */
function missing(problems: number, needsTrust: boolean): string {
  if (problems === 0 && !needsTrust) return '. Sessions can run here.';
  const fix = problems === 1 ? 'one problem must be fixed' : `${problems} problems must be fixed`;
  const what = [
    ...(needsTrust ? ['the user has not yet trusted some of its lines'] : []),
    ...(problems > 0 ? [fix] : []),
  ];
  return `, but no session can run yet: ${what.join(', and ')}.`;
}

function sessionSteps(problems: number, trust: { hash: string | undefined } | undefined): NextStep[] {
  if (trust !== undefined) return [{ act: 'trust', args: { hash: trust.hash } }];
  return problems > 0 ? [{ act: 'fix_problems' }] : [{ act: 'start', args: { task: TO_FILL } }];
}
