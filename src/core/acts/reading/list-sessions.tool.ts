import * as z from 'zod';
import { sessionFacts } from '../../caller/facts/session-facts.ts';
import type { WorkerReport } from '../../caller/facts/worker-now.ts';
import { defineTool } from '../../faces/mcp/define-tool.ts';
import {
  MORE_FROM,
  Offset,
  PHASE,
  ProjectDir,
  resultWith,
  STATE,
  WAITS_FOR,
} from '../../faces/mcp/fields.ts';
import { pick } from '../../faces/mcp/session-fields.ts';
import { TO_FILL } from '../../kernel/acts.ts';
import { isoUtc } from '../../kernel/clock.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { SESSION_FILTERS } from './list-sessions.act.ts';

const MAX_SHOWN = 20;

const Row = z.strictObject({
  session: z.string(),
  state: STATE,
  phase: PHASE,
  for: WAITS_FOR,
  project: z.string().optional(),
  since: z.string(),
  worker: z.literal('gone').optional(),
});

export const listSessionsTool = defineTool({
  name: 'list_sessions',
  title: 'List sessions',
  description: [
    'List the coding sessions of a project: those that need the user first, then the newest.',
    "Use to find a session's name, or to continue another chat's work.",
  ].join('\n'),
  input: z.strictObject({
    project_dir: ProjectDir,
    all_projects: z.boolean().default(false).describe('Sessions of every project on this machine.'),
    group: z.string().optional().describe('Only this group.'),
    state: z.enum(SESSION_FILTERS).optional().describe('Only these.'),
    offset: Offset,
  }),
  output: resultWith({
    sessions: z
      .array(Row)
      .optional()
      .describe(
        'since: UTC, when the state began. project: its folder, if there are several. worker: gone, if nothing continues it before resume_session.',
      ),
    more_from: MORE_FROM,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'which sessions need me',
  async handle({ projectDir, allProjects, group, state, offset }, { actions }) {
    const { listSessions, projectOfListed, whoseSessions } = await import('./list-sessions.act.ts');
    const input = { projectDir, allProjects, group, filter: state };
    const list = await listSessions(input, actions);
    const { sessions, needing, workers } = list;
    const end = offset + MAX_SHOWN;
    const shown = sessions.slice(offset, end);
    const summary = summaryOf(sessions.length, needing, { offset, shown: shown.length });
    const read = sessions.length === 0 ? [] : `Read at ${minuteOf(isoUtc(actions.clock.now()))}.`;
    return {
      summary: [summary, list.groupSays, list.unimported, list.held, whoseSessions(list, input) ?? [], read]
        .flat()
        .join(' '),
      next:
        sessions.length === 0
          ? [{ act: 'start', args: { task: TO_FILL } }]
          : [{ act: 'read_status', args: { session: TO_FILL } }],
      sessions: shown.map((view) => ({
        ...rowOf(view, workers.get(view)),
        project: belowHome(projectOfListed(list, view), actions.home),
      })),
      more_from: end < sessions.length ? end : undefined,
    };
  },
});

function rowOf(view: SessionView, report: WorkerReport | undefined): Partial<z.output<typeof Row>> {
  const facts = sessionFacts(view, report);
  const isGone = facts.worker === 'gone' && view.isUnseen !== true;
  const row = pick(facts, Row.shape);
  return { ...row, since: minuteOf(facts.since), worker: isGone ? 'gone' : undefined };
}

/** To the minute, UTC. */
function minuteOf(time: string): string {
  return `${time.slice(0, 'yyyy-mm-ddThh:mm'.length)}Z`;
}

/** Shortens a path to a form that project_dir accepts. */
function belowHome(folder: string | undefined, home: string): string | undefined {
  return folder?.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder;
}

function summaryOf(
  all: number,
  needing: number,
  { offset, shown }: { offset: number; shown: number },
): string {
  if (all === 0) return 'There are no such sessions.';
  const count = all === 1 ? 'One session' : `${all} sessions`;
  if (shown === 0) return `${count}, none from ${offset} on.`;
  const need = needing === 0 ? '' : `; ${needing === 1 ? 'one needs' : `${needing} need`} the user`;
  return shown < all
    ? `${count}, ${offset + 1} to ${offset + shown} of them shown${need}.`
    : `${count}${need}.`;
}
