import type { Context } from 'hono';
import { startInput } from '../../../../core/acts/sessions/start/start-choices.ts';
import { startSession } from '../../../../core/acts/sessions/start-session.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { pageKey } from '../../../../core/caller/facts/live-page.ts';
import { age } from '../../../../core/kernel/durations.ts';
import { readKnownProjects } from '../../../../core/project/finding/known-projects.ts';
import { nameWithoutDate } from '../../../../core/session/layout/names.ts';
import { type Html, html } from '../../html/html.ts';
import type { LiveSessions } from '../views/live.ts';

type Fields = Readonly<Record<string, string | string[]>>;

/** `again`: the same form has started that session before, so none was started. */
type StartedFromPage = { kind: 'started'; key: string; text: string } | { kind: 'again'; text: Html };

/** The choices of the form, which have the names of those of core. */
const NAMES = [
  ...(['task', 'provider', 'model', 'maxCostUsd', 'maxHours', 'maxIterations', 'maxTokens'] as const),
  ...(['base', 'plan', 'issue', 'after', 'at', 'group'] as const),
];

async function startFromPage(fields: Fields, context: ActionContext): Promise<StartedFromPage> {
  const text = (name: string) => [fields[name] ?? []].flat().join('').trim() || undefined;
  const way = text('way');
  const given = Object.fromEntries(NAMES.map((name) => [name, text(name)]));
  // The field is hidden for the others, and may still hold what was typed before.
  const plan = way === 'full' || way === 'quick' ? undefined : given.plan;
  const wanted = startInput({ ...given, plan, quick: way === 'quick' });
  const project = text('project');
  const input = { ...wanted, project, again: text('again') !== undefined };
  const acting = { ...context, cwd: await repositoryOf(project, context) };
  const { view, warnings, startedMsAgo } = await startSession(input, acting);
  const name = nameWithoutDate(view.folder);
  const key = pageKey(view.paths);
  if (startedMsAgo !== undefined) return { kind: 'again', text: offerSecond(name, key, startedMsAgo) };
  return { kind: 'started', key, text: [`${name} has been started.`, ...warnings].join('\n') };
}

/** The folder against which the path of a plan is resolved. */
async function repositoryOf(project: string | undefined, { home, cwd }: ActionContext): Promise<string> {
  const known = await readKnownProjects(home);
  return known.find(({ filePath }) => filePath === project)?.mainRepo ?? cwd;
}

function offerSecond(name: string, key: string, startedMsAgo: number): Html {
  return html`<p>${name} was started ${age(startedMsAgo)} ago by the same form, so no second one was started.</p>
<p class="buttons"><a class="button" href="#/s/${key}">Open ${name}</a> <button form="start-form" name="again" value="yes">Start a second one</button></p>`;
}

/** Starts a session, and names the place of the page that shows it. A form that started one before keeps its fields. */
export async function answerStart(
  c: Context,
  fields: Fields,
  { live, context }: { live: LiveSessions; context: ActionContext },
): Promise<Response> {
  const started = await startFromPage(fields, context);
  if (started.kind === 'again') return c.html(started.text.text, 409);
  await untilListed(started.key, live, context);
  return c.text(started.text, 200, { 'x-open': `/s/${started.key}` });
}

/** The list of sessions follows their files after a moment. The page shows a session that comes even later, too. */
const LISTED_MS = 2000;

async function untilListed(key: string, live: LiveSessions, { clock }: ActionContext): Promise<void> {
  const listed = new AbortController();
  const look = async () => {
    if ((await live.row(key)) !== undefined) listed.abort('listed');
  };
  const stop = live.follow(() => void look().catch(() => undefined));
  try {
    await look();
    await clock.sleep(LISTED_MS, listed.signal);
  } catch {
    // It is listed, or the list cannot be read, which the page then shows.
  } finally {
    stop();
  }
}
