import * as z from 'zod';
import { statusSentence } from '../../actions/status-sentence.ts';
import { defineTool } from '../define-tool.ts';
import { ProjectDir } from '../fields.ts';

const MAX_SHOWN = 20;

export const listSessionsTool = defineTool({
  name: 'list_sessions',
  title: 'List sessions',
  description: [
    'List the coding sessions of a project: those that need the human first, then the newest.',
    "Use to find a session's name, or to take up work that another chat began.",
    'At most 20; get_status tells more about one.',
  ].join('\n'),
  input: z.strictObject({
    project_dir: ProjectDir,
    all_projects: z
      .boolean()
      .default(false)
      .describe('Also the sessions of every other project used on this machine.'),
    state: z
      .enum(['running', 'waiting', 'blocked', 'stopped', 'done'])
      .optional()
      .describe('Only sessions in this state.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'which sessions need me',
  async handle({ project_dir: projectDir, all_projects: allProjects, state }, { actions }) {
    const { listSessions } = await import('../../actions/list-sessions.ts');
    const { sessions } = await listSessions({ projectDir, allProjects }, actions);
    const wanted = sessions.filter((view) => state === undefined || view.state.status.kind === state);
    const shown = wanted.slice(0, MAX_SHOWN);
    return {
      summary: summaryOf(wanted.length, shown.length),
      next: shown.length === 0 ? 'start_session with a task' : 'get_status or wait with one of them',
      sessions: shown.map((view) => statusSentence(view)),
      left_out: wanted.length > shown.length ? wanted.length - shown.length : undefined,
    };
  },
});

function summaryOf(all: number, shown: number): string {
  if (all === 0) return 'There are no such sessions.';
  const count = all === 1 ? 'One session' : `${all} sessions`;
  return shown < all ? `${count}, ${shown} of them shown.` : `${count}.`;
}
