import * as z from 'zod';
import { defineTool } from '../../../core/faces/mcp/define-tool.ts';
import { ProjectDir, resultWith, TEXTS } from '../../../core/faces/mcp/fields.ts';
import { counted } from '../../../core/kernel/text.ts';

export const poolStatusTool = defineTool({
  name: 'pool_status',
  title: 'Show the pool',
  description: [
    'Show which machines of the pool have which sessions of a project.',
    'Use when the user asks where work runs. Only a person changes a pool, in a terminal.',
  ].join('\n'),
  input: z.strictObject({ project_dir: ProjectDir }),
  output: resultWith({
    machines: TEXTS.describe('The names of its machines.'),
    sessions: z
      .array(z.strictObject({ session: z.string(), host: z.string().optional() }))
      .optional()
      .describe('Each session, and the machine that has it.'),
    problems: TEXTS.describe('Problems of the pool, a sentence each.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async handle({ projectDir }, { actions }) {
    const { poolStatus } = await import('./status.act.ts');
    const { machines, sessions, problems } = await poolStatus({ projectDir }, actions);
    const members = machines.filter(({ standing }) => standing === 'member');
    return {
      summary: `The pool has ${counted(members.length, 'machine')} and ${counted(sessions.length, 'session')}.`,
      machines: members.map(({ name }) => name),
      sessions: sessions.map(({ session, host }) => ({ session, host })),
      problems,
    };
  },
});
