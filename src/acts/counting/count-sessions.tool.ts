import * as z from 'zod';
import { defineTool } from '../../kit/mcp/define-tool.ts';
import { ProjectDir, resultWith } from '../../kit/mcp/fields.ts';

export const countSessionsTool = defineTool({
  name: 'count_sessions',
  title: 'Count sessions',
  description: [
    'Count the coding sessions of a project.',
    'Use when the user asks how many there are. Not needed to find one: list_sessions shows them.',
    'Returns how many there are and how many of them are done.',
  ].join('\n'),
  input: z.strictObject({ project_dir: ProjectDir }),
  output: resultWith({
    total: z.int().describe('All sessions of the project.'),
    done: z.int().describe('Those that are done.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'statistics',
  async handle({ projectDir }, { actions }) {
    const { countSessions } = await import('./count-sessions.act.ts');
    const { total, done } = await countSessions(projectDir, actions);
    return { summary: `${total} sessions, ${done} of them done.`, next: [{ act: 'list' }], total, done };
  },
});
