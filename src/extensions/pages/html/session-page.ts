import { duration } from '../../../core/kernel/durations.ts';
import { MAX_OUTSIDE_PLAN, RED_AFTER } from '../../../core/kernel/phases/proving.ts';
import { phasesOf, wayText } from '../../../core/kernel/phases/table.ts';
import { counted, cut } from '../../../core/kernel/text.ts';
import { elapsed, moment, money, tokensText, unbroken } from './figures.ts';
import { type Html, html, type Part, tick } from './html.ts';
import { htmlPage } from './html-page.ts';
import { factList, iterationsPart } from './iterations.ts';
import { markdown } from './markdown-html.ts';
import { pagePictures } from './page-pictures.ts';
import type {
  ReportCheckSet,
  ReportPages,
  ReportPlan,
  ReportQuestion,
  SessionReportData,
} from './report-data.ts';
import { timeline } from './timeline.ts';

export function sessionPage(data: SessionReportData): string {
  const sections = sessionSections(data);
  const body = html`${cardTop(data)}
${cardFacts(data)}
${taskPart(data)}
${sectionLinks(sections)}
${sections.map(
  ({ id, title, body }) => html`<section id="${id}"><h2>${title}</h2>
${body}</section>
`,
)}`;
  return htmlPage(`${data.name} · samocode`, body, data);
}

export interface PageSection {
  id: string;
  title: string;
  body: Html;
}

/**
 * The sections of a session's page, in order; those without content are left out.
 * @param showPages renders the pictures of the application
 */
export function sessionSections(
  data: SessionReportData,
  showPages: (pages: ReportPages) => Html[] = (pages) => pagePictures(pages),
): PageSection[] {
  const sections: [id: string, title: string, parts: Part[]][] = [
    ['timeline', 'Timeline', data.iterations.length > 0 ? [timeline(data)] : []],
    ['questions', 'Questions and answers', data.questions.map(questionPart)],
    ['plan', 'Plan', data.plan === undefined ? [] : [planPart(data.plan), requirementsPart(data)]],
    ['checks', 'Checks and proof', checksAndProof(data)],
    ['pages', 'What people will see', data.pages === undefined ? [] : showPages(data.pages)],
    ['pictures', 'Pictures', picturesPart(data)],
    ['iterations', 'Iterations', iterationsPart(data.iterations)],
    ['documents', 'Documents', documentsPart(data)],
    ['acts', 'Log', data.acts.length > 0 ? [actsPart(data.acts)] : []],
  ];
  const shown = sections.filter(([, , parts]) => parts.length > 0);
  return shown.map(([id, title, parts]) => ({ id, title, body: html`<div class="of-${id}">${parts}</div>` }));
}

export function sectionLinks(sections: readonly Pick<PageSection, 'id' | 'title'>[]): Html {
  return html`<nav>${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>`;
}

/** More than this may need more than three lines on a narrow screen. */
const SHORT_TASK_CHARS = 120;
const TASK_START_CHARS = 400;

/** The task: its first three lines are visible, and a longer one opens. */
export function taskPart({ task }: Pick<SessionReportData, 'task'>): Html {
  const lines = task.split('\n').filter((line) => line.trim() !== '');
  if (lines.length <= 3 && task.length <= SHORT_TASK_CHARS)
    return html`<div class="asked"><small>Task</small><p class="plain" dir="auto">${task}</p></div>`;
  return html`<details class="asked"><summary><small>Task</small> <span class="plain" dir="auto">${cut(lines.slice(0, 3).join('\n'), TASK_START_CHARS)}</span> <small class="more">The whole task</small></summary><p class="plain" dir="auto">${task}</p></details>`;
}

/** What stands above the decision that waits for the person. */
export function cardTop({ name, way, project, badge, sentence, says }: SessionReportData): Html {
  return html`<header class="head tone-${badge.tone}">
<p class="over"><span class="tone">${badge.text}</span> <bdi>${project}</bdi></p>
<h1><bdi>${name}</bdi>${wayText({ way })}</h1>
<p class="sentence">${sentence}</p>
${says && html`<blockquote class="says" dir="auto">${says}</blockquote>`}</header>
`;
}

/** How far the session is, and what else is known about it. */
export function cardFacts(data: SessionReportData): Html {
  const { next, branch, base, sandbox, workedOn, recurring, warning } = data;
  const from = base && html` from <code dir="ltr">${base}</code>`;
  return html`${warning && html`<p class="note">${warning}</p>`}
${phaseBar({ ...data, tone: data.badge.tone })}
<div class="tiles">${tiles(data)}</div>
${factList([
  ['branch', branch && html`<code dir="ltr">${branch}</code>${from}`],
  ['sandbox', sandbox],
  ['worked on', workedOn],
  ['recurring', recurring && html`<bdi>${recurring}</bdi>`],
  [
    'next',
    next.length > 0 && next.map((command) => html`<code class="command" dir="ltr">${command}</code> `),
  ],
])}`;
}

function tiles({ cost, requirements, ...data }: SessionReportData): Part[] {
  const met = requirements.filter(({ isMet }) => isMet).length;
  const required = requirements.length > 0 && `${met} of ${counted(requirements.length, 'requirement')} met`;
  return [
    tile('Elapsed', elapsedTime(data), `agents worked ${unbroken(duration(data.workedMs))}`),
    tile('Iterations', data.iterationCount, required),
    tile('Cost', money(cost) ?? 'not reported', tokensText(cost)),
    proofTile(data),
  ];
}

/** The live page counts on while the session is not over. */
function elapsedTime({
  startedAt,
  until,
  madeAt,
}: Pick<SessionReportData, 'startedAt' | 'until' | 'madeAt'>): Part {
  const time = elapsed(startedAt, until);
  return until === madeAt ? html`<time data-since="${startedAt}">${time}</time>` : time;
}

function proofTile({ proved }: Pick<SessionReportData, 'proved'>): Html {
  if (proved === undefined) return tile('Proof', 'not yet', 'created when the session is done');
  const { how, words } = proved;
  return tile('Proof', html`<b class="${how === 'yes' ? 'good' : 'attention'}">${how}</b>`, words);
}

function tile(title: string, value: Part, words: Part): Html {
  return html`<div class="tile"><span>${title}</span><strong>${value}</strong><small>${words}</small></div>
`;
}

interface PhaseBar extends Pick<SessionReportData, 'phase' | 'way'> {
  tone: SessionReportData['badge']['tone'];
  /** Before the first iteration no phase has begun. */
  iterationCount?: number;
}

export function phaseBar({ phase, way, tone, iterationCount }: PhaseBar): Html {
  const name = tone === 'done' ? 'done' : phase;
  const phases = phasesOf(way, phase);
  const now = iterationCount === 0 ? -1 : phases.indexOf(name);
  const stepState = (index: number) => (index < now ? 'past' : index === now ? 'now' : 'rest');
  return html`<ol class="phases" aria-label="${now < 0 ? 'not begun' : `in ${name}`}">${phases.map(
    (each, index) => html`<li class="${stepState(index)}"><span>${each}</span></li>`,
  )}</ol>
`;
}

export function questionPart({
  id,
  text,
  options,
  suggestion,
  answer = '',
  by,
  at,
  isOpen,
}: ReportQuestion): Html {
  const chosen = /^[A-Z](?:[\s,+&]+[A-Z])*$/.test(answer)
    ? [...answer].filter((sign) => /[A-Z]/.test(sign))
    : [];
  const given = answer !== '' && (chosen.length === 0 || options.length === 0);
  const who = [by, at && moment(at)].filter(Boolean);
  return html`<article class="qa${isOpen && ' open'}"><h3><span class="id">${id}</span> <span dir="auto">${text}</span></h3>
<ul class="options">${options.map(
    (
      option,
    ) => html`<li class="${chosen.includes(option.letter) && 'chosen'}"><b>${option.letter}</b> <span dir="auto">${option.text}</span></li>
`,
  )}</ul>
${given && html`<p class="answer" dir="auto">${answer}</p>`}
<p class="note" dir="auto">${isOpen && html`<b class="attention">open</b> `}${who.length > 0 && html`answered by ${who.map((each, index) => [index > 0 && ', ', each])}. `}${suggestion && `Suggested: ${suggestion}`}</p></article>
`;
}

function planPart({ name, state, text, approved, estimate, phases }: ReportPlan): Html {
  const by = approved && html` by ${approved.by}${approved.at && html`, ${moment(approved.at)}`}`;
  return html`<p class="note"><code>${name}</code> · ${state.replaceAll('_', ' ')}${by}</p>
${
  estimate &&
  html`<p class="note">${estimate}</p>
`
}<ol class="progress">${phases.map(phaseProgress)}</ol>
<details><summary>The full plan</summary>${markdown(text)}</details>`;
}

function phaseProgress({ number, name, done, total, completed }: ReportPlan['phases'][number]): Html {
  const share = completed ? 1 : total > 0 ? done / total : 0;
  return html`<li><span class="id">${number}</span><span dir="auto">${name}</span><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="${counted(done, 'step')} of ${total}"><rect class="rest" width="100" height="6"/><rect class="full" width="${(share * 100).toFixed(1)}" height="6"/></svg><span class="num">${completed ? '✓' : ''} ${done}/${total}</span></li>
`;
}

function requirementsPart({ requirements }: SessionReportData): Part {
  const rows = requirements.map(({ id, text, check, isMet }) => {
    const how = check === 'reviewed' ? 'by review' : html`<code>${check}</code>`;
    return html`<li>${tick(isMet, ['met', 'open'])}<div><span class="id">${id}</span> <span dir="auto">${text}</span> <span class="note">${how}</span></div></li>
`;
  });
  return rows.length > 0 && html`<ul class="reqs">${rows}</ul>`;
}

/** The worker's checks, newest first, then notes for a reviewer and the proof. */
function checksAndProof({ checks, proof, outsidePlan, name }: SessionReportData): Part[] {
  const parts: Part[] = checks.toReversed().map(checkSet);
  if (outsidePlan.length > 0)
    parts.push(
      html`<details class="checks"><summary><b class="attention">${outsidePlan.length}</b>${outsidePlan.length >= MAX_OUTSIDE_PLAN && ' or more'} changed ${outsidePlan.length === 1 ? 'file' : 'files'} that the plan does not name</summary><ul>${outsidePlan.map(
        (path) => html`<li><code dir="ltr">${path}</code></li>
`,
      )}</ul></details>`,
    );
  if (proof !== undefined)
    parts.push(html`<details class="checks"><summary>Proof of commit <code>${proof.commit.slice(0, 8)}</code>, ${moment(proof.doneAt)}</summary>
<p class="note">Recorded by samocode, not by an agent. <code>samocode verify ${name}</code> repeats it on a fresh clone.</p>${markdown(proof.text)}</details>`);
  return parts;
}

const RESULTS: Readonly<Record<ReportCheckSet['result'], { tone: string; words: string }>> = {
  passed: { tone: 'good', words: '✓ passed' },
  failed: { tone: 'bad', words: '✘ failed' },
  'red after': { tone: 'attention', words: RED_AFTER },
};

/** A set of checks: the newest one is expanded, and each that did not pass. */
function checkSet({ title, result, runs, ...of }: ReportCheckSet, index: number): Html {
  const { tone, words } = RESULTS[result];
  const iteration = of.iteration === undefined ? '' : `iteration ${of.iteration} · `;
  return html`<details class="checks"${(index === 0 || result !== 'passed') && html` open`}><summary><b class="mark ${tone}">${words}</b> ${title} <span class="note">${moment(of.at)} · ${iteration}commit ${of.commit.slice(0, 8)} · sandbox: ${of.sandbox}</span></summary>
${runs.map(checkRun)}</details>
`;
}

/** A command with the end of its output, which is expanded if the command failed. */
function checkRun({ command, how, durationMs, tail, isSetup }: ReportCheckSet['runs'][number]): Html {
  const result = how === undefined ? 'passed' : `failed (${how})`;
  const head = html`<code dir="ltr">${command}</code>${isSetup && ' (setup)'} <span class="note">${result} · ${unbroken(duration(durationMs))}</span>`;
  const kind = how === undefined ? 'run' : 'run failed';
  if (!tail) return html`<p class="${kind}">${head}</p>`;
  return html`<details class="${kind}"${how !== undefined && html` open`}><summary>${head}</summary><p class="note">The last lines of its output:</p><pre dir="ltr" tabindex="0">${tail}</pre></details>
`;
}

function picturesPart({ pictures }: SessionReportData): Html[] {
  return pictures.map(
    ({
      name,
      data,
    }) => html`<figure><img src="data:image/png;base64,${data}" alt="${name}"><figcaption dir="auto">${name}</figcaption></figure>
`,
  );
}

function documentsPart({ documents }: SessionReportData): Html[] {
  return documents.map(
    ({
      name,
      kind,
      text,
      isCut,
    }) => html`<details class="doc"><summary><b>${kind}</b> <code>${name}</code></summary>${markdown(text)}${isCut && html`<p class="note">Truncated here. The full document: <code>samocode show</code>.</p>`}</details>
`,
  );
}

function actsPart(acts: SessionReportData['acts']): Html {
  return html`<details><summary>${counted(acts.length, 'line')}</summary><ol class="acts">${acts.map(
    ({ at, text }) => html`<li>${moment(at)} <span dir="auto">${text}</span></li>
`,
  )}</ol></details>`;
}
