import * as z from 'zod';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, Confirm, PREVIEW_FIELDS, resultWith, SESSION, TEXTS } from '../../faces/mcp/fields.ts';
import { previewFields } from '../../faces/mcp/session-fields.ts';
import { TO_FILL } from '../../kernel/acts.ts';
import { FINISH_WAYS } from './finish-choices.ts';

export const finishSessionTool = defineTool({
  name: 'finish_session',
  title: 'Finish a session',
  description: [
    'Finish a coding session: archive it (keep_branch), merge its branch into its base after checks, open a pull request,',
    'archive its documents, discard branch and worktree (a ref keeps them), or restore it (unarchive).',
    'Use when the user has finished with it. It refuses to lose work.',
    'Call first without confirm: tell the user what it would do; confirm only on their word.',
  ].join('\n'),
  input: aboutSession({
    how: z.enum(FINISH_WAYS).default('keep_branch').describe('What to do.'),
    keep: z.array(z.string()).default([]).describe('archive_documents: names to keep.'),
    watch: z.boolean().optional().describe('pull_request: until merged, with rounds.'),
    confirm: Confirm,
  })
    .refine(({ how, keep }) => keep.length === 0 || how === 'archive_documents', {
      path: ['keep'],
      error: 'only with how: archive_documents',
    })
    .refine(({ how, watch }) => !watch || how === 'pull_request', {
      path: ['watch'],
      error: 'only with how: pull_request',
    }),
  output: resultWith({
    session: SESSION,
    ...PREVIEW_FIELDS,
    url: z.string().optional().describe('The pull request.'),
    body_file: z.string().optional().describe('The text of the pull request.'),
    text: z
      .string()
      .optional()
      .describe('Without confirm: the text of the pull request, to show to the user.'),
    commands: TEXTS.describe('Shell commands that are left to the user, in order.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  searchHint: 'clean up',
  async handle({ session, how, keep, watch, confirm, projectDir }, { actions }) {
    const input = { session, how, keep, watch, projectDir };
    const { finishSession, previewFinish } = await import('./finish-session.act.ts');
    if (confirm !== undefined) {
      const finished = await finishSession({ ...input, shown: confirm, isExact: true }, actions);
      const { view, done, commands, url, bodyPath, next = [] } = finished;
      return {
        summary: done,
        next: view.state.work === undefined ? [{ act: 'report' }, ...next] : next,
        session: view.folder,
        url,
        body_file: bodyPath,
        commands,
      };
    }
    const preview = await previewFinish(input, actions);
    const args = { how, keep: keep.length > 0 ? TO_FILL : undefined, watch, confirm: preview.hash };
    return previewFields(preview, { act: 'finish', args });
  },
});
