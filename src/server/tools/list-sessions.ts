import * as z from 'zod';
import { statusSentence } from '../../actions/acting/status-sentence.ts';
import { DYING } from '../../actions/reading/revival-limit.ts';
import { SESSION_FILTERS } from '../../actions/reading/session-filters.ts';
import type { WorkerReport } from '../../actions/reading/worker-now.ts';
import { TO_FILL } from '../../base/acts.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { defineTool } from '../calls/define-tool.ts';
import { ProjectDir } from '../calls/fields.ts';

const MAX_SHOWN = 20;

export const listSessionsTool = defineTool({
  name: 'list_sessions',
  title: 'List sessions',
  description: [
    'List the coding sessions of a project: those that need the user first, then the newest.',
    "Use to find a session's name, or to continue work that another chat began.",
    'At most 20; get_status shows more about one.',
  ].join('\n'),
  input: z.strictObject({
    project_dir: ProjectDir,
    all_projects: z
      .boolean()
      .default(false)
      .describe('Also the sessions of every other project used on this machine.'),
    group: z.string().optional(),
    state: z.enum(SESSION_FILTERS).optional().describe('Only these.'),
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'which sessions need me',
  async handle({ project_dir: projectDir, all_projects: allProjects, group, state }, { actions }) {
    const { listSessions, projectOfListed, whoseSessions } = await import(
      '../../actions/reading/list-sessions.ts'
    );
    const input = { projectDir, allProjects, group, filter: state };
    const list = await listSessions(input, actions);
    const { sessions, needing, workers } = list;
    const shown = sessions.slice(0, MAX_SHOWN);
    const rowOf = (view: SessionView) => {
      const project = projectOfListed(list, view);
      const where = project === undefined ? '' : ` Project: ${project}`;
      return statusSentence(view) + workerWords(view, workers.get(view)) + where;
    };
    const summary = summaryOf(sessions.length, shown.length, needing);
    return {
      summary: [summary, whoseSessions(list, input) ?? []].flat().join(' '),
      next:
        shown.length === 0
          ? [{ act: 'start', args: { task: TO_FILL } }]
          : [{ act: 'look', args: { session: TO_FILL } }],
      sessions: shown.map(rowOf),
      left_out: sessions.length > shown.length ? sessions.length - shown.length : undefined,
    };
  },
});

/** Of one that does not continue without an act. */
function workerWords(view: SessionView, report: WorkerReport | undefined): string {
  if (report?.isDying) return ` ${DYING}: get_status says more.`;
  return report?.worker === 'gone' && view.isUnseen !== true
    ? ' Its worker is gone: resume_session starts a new one.'
    : '';
}

function summaryOf(all: number, shown: number, needing: number): string {
  if (all === 0) return 'There are no such sessions.';
  const count = all === 1 ? 'One session' : `${all} sessions`;
  const need = needing === 0 ? '' : `; ${needing === 1 ? 'one needs' : `${needing} need`} the user`;
  return shown < all ? `${count}, ${shown} of them shown${need}.` : `${count}${need}.`;
}
