import * as z from 'zod';
import { SESSION_FILTERS } from '../../actions/session-filters.ts';
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
    state: z.enum(SESSION_FILTERS).optional().describe('Only these.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'which sessions need me',
  async handle({ project_dir: projectDir, all_projects: allProjects, state }, { actions }) {
    const { listSessions } = await import('../../actions/list-sessions.ts');
    const { sessions, needing, dying } = await listSessions(
      { projectDir, allProjects, filter: state },
      actions,
    );
    const shown = sessions.slice(0, MAX_SHOWN);
    return {
      summary: summaryOf(sessions.length, shown.length, needing),
      next: shown.length === 0 ? 'start_session with a task' : 'get_status or wait with one of them',
      sessions: shown.map((view) => statusSentence(view) + (dying.includes(view) ? DYING : '')),
      left_out: sessions.length > shown.length ? sessions.length - shown.length : undefined,
    };
  },
});

const DYING = ' Its worker has died 3 times in 10 minutes: get_status says more.';

function summaryOf(all: number, shown: number, needing: number): string {
  if (all === 0) return 'There are no such sessions.';
  const count = all === 1 ? 'One session' : `${all} sessions`;
  const need = needing === 0 ? '' : `; ${needing === 1 ? 'one needs' : `${needing} need`} the human`;
  return shown < all ? `${count}, ${shown} of them shown${need}.` : `${count}${need}.`;
}
