import { basename, dirname } from 'node:path';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { isUnfinished } from '../../../../core/caller/context/supervision.ts';
import { type KnownProject, readKnownProjects } from '../../../../core/project/finding/known-projects.ts';
import { type Html, html, type Part } from '../../html/html.ts';
import type { LiveSessions } from '../views/live.ts';
import { agentField } from './acts-part.ts';

type Live = Pick<LiveSessions, 'list'>;

/** The form that starts a session in one of the projects known on this machine. */
export async function newSessionPart(live: Live, { home }: Pick<ActionContext, 'home'>): Promise<Html> {
  const projects = await readKnownProjects(home);
  if (projects.length === 0)
    return withoutForm(
      html`No project is known on this machine yet. Run <code>samocode init</code> in the folder of a repository, then reload this page.`,
    );
  const { rows } = await live.list();
  return startForm(
    projects,
    rows.map(({ session }) => session),
  );
}

function withoutForm(words: Html): Html {
  return html`<h1>New session</h1><p>${words}</p>`;
}

function startForm(projects: readonly KnownProject[], sessions: readonly ShownSession[]): Html {
  return html`<h1>New session</h1><form id="start-form" data-act="start" class="start">
<fieldset class="ways"><legend>How</legend>${Object.entries(WAY_WORDS).map(wayRadio)}</fieldset>
<label>Task <textarea name="task" rows="6" dir="auto"></textarea></label>
<div class="for-plan">${field('plan', html`Plan file <small>in the repository, or absolute</small>`)}</div>
<div class="fields"><label>Project <select name="project">${projects.map(projectOption)}</select></label>
${agentField('project default')}
${field('model', 'Model', 'project default')}</div>
<fieldset class="fields"><legend>Limits</legend>${limitFields()}</fieldset>
<details><summary>More</summary><div class="fields">${field('base', 'Base branch', 'default branch')}
${field('issue', html`GitHub issue <small>number or address</small>`)}
<label>Start after <select name="after"><option value="">(at once)</option>${projects.map((project) => orderOptions(project, sessions))}</select></label>
${field('at', html`Start at <small>23:00, 2026-12-01T07:00, limit</small>`)}
${field('group', 'Group')}</div></details>
<p class="note">The session works in its own worktree. ${Object.entries(WAY_WORDS).map(([way, { note }]) => html`<span class="for-${way}">${note}</span>`)} An issue can replace the task. All other options: <code>samocode start --help</code></p>
<p class="buttons"><button class="primary">Start</button> <output></output></p></form>`;
}

/** By the value of the choice; the style sheet shows the note of the chosen one. */
const WAY_WORDS = {
  full: { title: 'Ask me, then plan', note: 'It asks you its questions, and for approval of its plan.' },
  quick: {
    title: 'Quick',
    note: 'One agent does the task as it is written: no questions first, no plan. You read the result.',
  },
  plan: {
    title: 'Carry out a plan',
    note: 'It shows you the plan of the file at once, and works when you approve.',
  },
} as const;

function wayRadio([way, { title }]: [string, { title: string }]): Html {
  return html`<label><input type="radio" name="way" value="${way}"${way === 'full' && ' checked'}> ${title}</label> `;
}

/** @param otherwise what holds while it is empty */
function field(name: string, title: Part, otherwise = ''): Html {
  return html`<label>${title} <input name="${name}" placeholder="${otherwise}" autocomplete="off" spellcheck="false"></label>`;
}

const LIMITS = [
  ['maxCostUsd', 'Dollars'],
  ['maxHours', 'Hours'],
  ['maxIterations', 'Iterations'],
  ['maxTokens', 'Tokens'],
] as const;

function limitFields(): Html[] {
  return LIMITS.map(
    ([name, title]) =>
      html`<label>${title} <input name="${name}" placeholder="as the project" inputmode="decimal" autocomplete="off"></label>`,
  );
}

function projectOption({ filePath, mainRepo }: KnownProject): Html {
  return html`<option value="${filePath}">${basename(mainRepo)} · ${mainRepo}</option>`;
}

/** The unfinished sessions of a project: the script shows those of the chosen one. */
function orderOptions({ filePath, mainRepo }: KnownProject, sessions: readonly ShownSession[]): Html | false {
  const own = sessions.filter(
    ({ view, projectDir }) => projectDir === dirname(filePath) && isUnfinished(view),
  );
  if (own.length === 0) return false;
  const folders = own.map(({ view }) => view.folder).sort();
  return html`<optgroup label="${basename(mainRepo)}" data-project="${filePath}">${folders.map((folder) => html`<option value="${folder}">${folder}</option>`)}</optgroup>`;
}
