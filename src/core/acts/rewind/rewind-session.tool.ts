import * as z from 'zod';
import { nextSteps } from '../../caller/facts/next-steps.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import {
  aboutSession,
  Confirm,
  PREVIEW_FIELDS,
  resultWith,
  SESSION_FIELDS,
  TEXTS,
} from '../../faces/mcp/fields.ts';
import { doneFields, previewFields } from '../../faces/mcp/session-fields.ts';
import type { ToolResult } from '../../faces/mcp/tool.ts';
import { TO_FILL } from '../../kernel/acts.ts';
import { cut } from '../../kernel/text.ts';
import type { KeptIteration } from '../../session/commands/judge-rewind.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

const MAX_LISTED = 30;

const Input = aboutSession({
  to: z.int().min(0).optional().describe('Rewind to the end of this iteration; 0: before the first.'),
  undo: z.boolean().default(false).describe('Undo the last rewind.'),
  confirm: Confirm,
}).refine(({ to, undo }) => to === undefined || !undo, { error: 'Give either to or undo' });

export const rewindSessionTool = defineTool({
  name: 'rewind_session',
  title: 'Rewind a session',
  description: [
    'Rewind a coding session to the end of an iteration: files, branch, plan and overview together; or undo that.',
    'Use when it took a wrong turn. Without to it lists the checkpoints.',
    'Call first without confirm: tell the user what is undone; confirm only on their word. Then resume_session continues it.',
  ].join('\n'),
  input: Input,
  output: resultWith({
    ...SESSION_FIELDS,
    ...PREVIEW_FIELDS,
    says: z
      .union([z.array(z.string()), z.record(z.string(), z.string())])
      .optional()
      .describe('Without to: the iterations to rewind to, newest first. Otherwise texts about its state.'),
    kept_before: z.string().optional().describe('A git ref of the state before, for undo.'),
    left_as_they_are: TEXTS.describe('Files that no checkpoint contains.'),
  }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  searchHint: 'go back, revert',
  async handle({ session, to, undo, confirm, projectDir }, { actions }) {
    const target = undo ? 'undo' : to;
    const question = { session, projectDir };
    if (target === undefined) {
      const { listCheckpoints } = await import('./rewind-session.act.ts');
      const { view, kept } = await listCheckpoints(question, actions);
      return checkpoints(view, kept);
    }
    if (confirm === undefined) {
      const { previewRewind } = await import('./preview-rewind.act.ts');
      const args = target === 'undo' ? { undo } : { to: target };
      const preview = await previewRewind({ ...question, to: target }, actions);
      return previewFields(preview, { act: 'rewind', args: { ...args, confirm: preview.hash } });
    }
    const { rewindSession } = await import('./rewind-session.act.ts');
    const { keptBefore, leftAsTheyAre, ...rewound } = await rewindSession(
      { ...question, to: target, shown: confirm, isExact: true },
      actions,
    );
    return {
      ...doneFields(rewound),
      kept_before: keptBefore,
      left_as_they_are: leftAsTheyAre.slice(0, MAX_LISTED).map((path) => cut(path, 150)),
    };
  },
});

function checkpoints(view: SessionView, kept: readonly KeptIteration[]): ToolResult {
  return {
    summary:
      kept.length === 0
        ? 'There is no checkpoint yet.'
        : 'It can be rewound to the end of these, newest first.',
    next:
      kept.length === 0
        ? nextSteps(view)
        : [{ act: 'rewind', args: { to: TO_FILL }, when: 'once the user has chosen one' }],
    session: view.folder,
    says: kept
      .slice(0, MAX_LISTED)
      .map(({ iteration, phase, lastAction }) =>
        iteration === 0
          ? '0: before the first iteration'
          : `${iteration}: ${phase}${lastAction ? `, ${cut(lastAction, 80)}` : ''}`,
      ),
  };
}
