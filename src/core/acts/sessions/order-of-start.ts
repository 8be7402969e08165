import type { ActionContext } from '../../caller/context/context.ts';
import type { ProjectQuestion } from '../../caller/context/find-project-for.ts';
import { findSessionAndPlace } from '../../caller/context/find-session.ts';
import { projectDirOf } from '../../caller/context/sessions-folders.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { requireBase } from '../../project/worktrees/base-commit.ts';
import type { StartOrder } from '../../session/events/bodies/positions.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { readAllSessions } from '../../session/session-list.ts';
import { cycleOf, membersOf } from '../../session/start-order.ts';
import type { OrderRequest } from './start-choices.ts';
import { startTime } from './start-time.ts';

export function isOrdered({ after, afterMerge, at }: OrderRequest): boolean {
  return [after, afterMerge, at].some((words) => words !== undefined);
}

/** Resolves what has to happen before a session starts. Its base may be a branch that does not exist yet. */
export async function orderOfStart(
  asked: OrderRequest & Pick<ProjectQuestion, 'projectDir'> & Pick<SessionFile, 'group'> & { base?: string },
  { mainRepo, values }: Pick<Project, 'mainRepo' | 'values'>,
  context: ActionContext,
): Promise<StartOrder> {
  const { clock, host, env } = context;
  const { after, afterMerge, at, group, base } = asked;
  const views = await readAllSessions(values.sessions, host);
  const named = async (session: string | undefined, isWholeName?: true) => {
    if (session === undefined) return undefined;
    const question = { session, projectDir: asked.projectDir, isWholeName };
    const { view, place } = await findSessionAndPlace(question, context);
    if (view.paths.sessionsDir === values.sessions) return view.folder;
    throw START_ERRORS.other_sessions({ session: view.folder, projectDir: projectDirOf(place) });
  };
  const isGroup = after !== undefined && (group === after || membersOf(after, views).length > 0);
  // A full session name takes precedence, then a group, then the start of a name.
  const whole = await named(after, true).catch((error: unknown) => {
    if (!ACTION_ERRORS.session_not_found.is(error)) throw error;
    return undefined;
  });
  const order: StartOrder = {
    ...(whole === undefined && isGroup ? { afterGroup: after } : { after: whole ?? (await named(after)) }),
    afterMerge: await named(afterMerge),
    at: at ? startTime(at, clock.now()) : undefined,
  };
  const cycle = cycleOf({ folder: 'this session', group, order }, views);
  if (cycle !== undefined) throw START_ERRORS.start_circle({ chain: cycle });
  if (base && !branchesBefore(order, views).includes(base))
    await requireBase({ mainRepo, base, baseEnv: env });
  return order;
}

function branchesBefore(order: StartOrder, views: readonly SessionView[]): string[] {
  const ofGroup = membersOf(order.afterGroup, views);
  const named = views.filter(({ folder }) => folder === order.after || folder === order.afterMerge);
  return [...ofGroup, ...named].flatMap(({ sessionFile }) => sessionFile?.settings.branch ?? []);
}
