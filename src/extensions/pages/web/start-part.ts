import { basename } from 'node:path';
import { startInput } from '../../../core/acts/sessions/start-choices.ts';
import { startSession } from '../../../core/acts/sessions/start-session.act.ts';
import { allProviders } from '../../../core/agents/registry.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { age } from '../../../core/kernel/durations.ts';
import { readKnownProjects } from '../../../core/project/finding/known-projects.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import { type Html, html } from '../html/html.ts';
import { byPerson } from './web-context.ts';

/** The form that starts a session in one of the projects known on this machine. */
export async function newSessionPart({ home }: Pick<ActionContext, 'home'>): Promise<Html> {
  const known = await readKnownProjects(home);
  const projects = known.kind === 'read' ? known.projects : [];
  if (projects.length === 0)
    return html`<h1>New session</h1><p>No project is known on this machine. In a repository: <code>samocode init</code></p>`;
  const limit = (name: string, title: string) =>
    html`<label>${title} <input name="${name}" inputmode="decimal" size="6"></label> `;
  return html`<h1>New session</h1><form data-act="start" class="start">
<label>Project <select name="project">${projects.map(({ filePath, mainRepo }) => html`<option value="${filePath}">${basename(mainRepo)} · ${mainRepo}</option>`)}</select></label>
<label>Task <textarea name="task" rows="6" required dir="auto"></textarea></label>
<label>Agent <select name="provider"><option value="">project default</option>${allProviders().map(({ name, title }) => html`<option value="${name}">${title}</option>`)}</select></label>
<p class="limits">${limit('maxCostUsd', 'Maximum dollars')}${limit('maxHours', 'Maximum hours')}${limit('maxIterations', 'Maximum iterations')}</p>
<p class="note">The session works in its own worktree and asks you before it plans and before it builds. All other options: <code>samocode start --help</code></p>
<p class="note"><label><input type="checkbox" name="again" value="yes"> Start it even if the same form started a session in the last ten minutes</label></p>
<p class="buttons"><button>Start</button> <output></output></p></form>`;
}

type Fields = Readonly<Record<string, string | string[]>>;

/** Starts a session from the form. @returns a sentence with the session's name, and any warnings */
export async function startFromPage(fields: Fields, context: ActionContext): Promise<string> {
  const text = (name: string) => [fields[name] ?? []].flat().join('').trim() || undefined;
  const names = ['task', 'provider', 'maxCostUsd', 'maxHours', 'maxIterations'] as const;
  const wanted = startInput(Object.fromEntries(names.map((name) => [name, text(name)])));
  const input = { ...wanted, project: text('project'), again: text('again') !== undefined };
  const { view, warnings, startedMsAgo } = await startSession(input, { ...context, by: byPerson() });
  const name = nameWithoutDate(view.folder);
  return startedMsAgo === undefined
    ? [`${name} has been started.`, ...warnings].join('\n')
    : `${name} was started ${age(startedMsAgo)} ago by the same form, so no second one was started. Tick the box above Start to start one.`;
}
