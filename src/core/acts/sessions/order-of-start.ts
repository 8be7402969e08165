import type { ActionContext } from '../../caller/context/context.ts';
import type { ProjectQuestion } from '../../caller/context/find-project-for.ts';
import { findSessionAndPlace } from '../../caller/context/find-session.ts';
import { projectDirOf } from '../../caller/context/session-index.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { DAY_MS, dayAt, minuteOf, offsetMs, offsetsAt, wallAt, zoneHere } from '../../kernel/zone.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { requireBase } from '../../project/worktrees/base-commit.ts';
import type { StartConditions } from '../../session/events/bodies/positions.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { cycleOf, membersOf } from '../../session/waits/start-order.ts';
import type { OrderRequest } from './start/start-choices.ts';

export function isOrdered({ after, afterMerge, at }: OrderRequest): boolean {
  return [after, afterMerge, at].some((words) => words !== undefined);
}

/** Resolves what has to happen before a session starts. Its base may be a branch that does not exist yet. */
export async function orderOfStart(
  asked: OrderRequest & Pick<ProjectQuestion, 'projectDir'> & Pick<SessionFile, 'group'> & { base?: string },
  { mainRepo, values }: Pick<Project, 'mainRepo' | 'values'>,
  context: ActionContext,
): Promise<StartConditions> {
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
  const order: StartConditions = {
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

function branchesBefore(order: StartConditions, views: readonly SessionView[]): string[] {
  const ofGroup = membersOf(order.afterGroup, views);
  const named = views.filter(({ folder }) => folder === order.after || folder === order.afterMerge);
  return [...ofGroup, ...named].flatMap(({ sessionFile }) => sessionFile?.settings.branch ?? []);
}

const WRITTEN = /^(?:(\d{4}-\d\d-\d\d)[T ])?(\d\d?:\d\d)(?::([0-5]\d))?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * Parses a time: `23:00` (today) or `2026-12-01T07:00`, either with or without a zone, or `limit`.
 * @param zone the time zone of times that name none
 * @returns milliseconds since the epoch
 */
export function startTime(written: string, nowMs: number, zone = zoneHere()): number | 'limit' {
  const given = written.trim();
  if (given === 'limit') return given;
  const bad = (why: string, hint: string) => START_ERRORS.bad_start_time({ given, why, hint });
  const [, day, time = '', seconds = '0', offset] = WRITTEN.exec(given) ?? [];
  const date = day ?? dayAt(nowMs, zone);
  const minute = `${date}T${time.padStart(5, '0')}`;
  const wallMs = Date.parse(`${minute}Z`);
  // Date.parse turns 30 February into a day in March.
  if (time === '' || Number.isNaN(wallMs) || minuteOf(wallMs) !== minute)
    throw bad('is not a time', 'Write it as 23:00, as 2026-12-01T07:00, or as 2026-12-01T07:00+01:00.');
  const offsets = offset === undefined ? offsetsAt(wallMs, zone) : [offset];
  const [atMs, later] = offsets.map((each) => wallMs + Number(seconds) * 1000 - offsetMs(each));
  if (atMs === undefined)
    throw bad(`does not exist in ${zone}: clocks are set forward past it`, 'Choose a time before or after.');
  if (later !== undefined)
    throw bad(
      `occurs twice in ${zone}: clocks are set back`,
      `Say which: ${offsets.map((each) => minute + each).join(' or ')}.`,
    );
  if (atMs > nowMs) return atMs;
  const tomorrow = `${dayAt(nowMs + DAY_MS, zone)}T${minute.slice('yyyy-mm-ddT'.length)}`;
  throw bad(
    `has passed: it is ${minuteOf(wallAt(nowMs, zone)).replace('T', ' ')} (${zone})`,
    day === undefined ? `For tomorrow, write ${tomorrow}.` : 'Leave it out to start now.',
  );
}
