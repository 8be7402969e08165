import { dirname } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { everySession, type PlacedSession } from '../../actions/places/every-session.ts';
import { statusSentence } from '../../session/words.ts';
import { isLive } from '../resources/session-rows.ts';

const A_DAY_MS = 24 * 60 * 60 * 1000;
const MOST = 30;

/** A line for each session that lives or came to rest within a day, what needs the user first. None of the words is a child's. */
export async function sessionLines(context: ActionContext): Promise<string> {
  const now = context.clock.now();
  const all = await everySession(context);
  const recent = all.filter(({ view }) => isLive(view) || now - restingSince(view.state) < A_DAY_MS);
  if (recent.length === 0) return '- No session runs or has stopped within the last day.';
  const lines = recent.slice(0, MOST).map((session) => lineOf(session, now));
  const left = recent.length - lines.length;
  if (left > 0) lines.push(`- … and ${left} more: \`list_sessions\` with all_projects.`);
  return lines.join('\n');
}

function lineOf({ view, place }: PlacedSession, now: number): string {
  return `- ${statusSentence(view)} Since ${ago(now - restingSince(view.state))}; project ${dirname(place.filePath)}`;
}

function restingSince({ status }: PlacedSession['view']['state']): number {
  return Date.parse(status.since);
}

function ago(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
