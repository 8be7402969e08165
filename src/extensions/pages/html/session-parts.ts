import { duration } from '../../../core/kernel/durations.ts';
import { MAX_OUTSIDE_PLAN, RED_AFTER, UNSTEADY } from '../../../core/kernel/phases/proving.ts';
import { phasesOf, wayText } from '../../../core/kernel/phases/table.ts';
import { counted, cut } from '../../../core/kernel/text.ts';
import { elapsed, grouped, moment, unbroken } from './figures.ts';
import { factList, type Html, html, type Part } from './html.ts';
import { iterationsPart, timeline } from './iterations.ts';
import { markdown } from './markdown.ts';
import { pagePictures, picturesPart } from './pictures.ts';
import { planPart, questionPart, requirementsPart } from './questions-and-plan.ts';
import {
  type ReportCheckSet,
  type ReportPages,
  SECTIONS,
  type SectionId,
  type SessionHead,
  type SessionReportData,
} from './report-data.ts';

export interface PageSection {
  id: SectionId;
  parts: Part[];
}

/**
 * The sections of a session's page, in order; those without content are left out.
 * @param showPages renders the pictures of the application
 */
export function sessionSections(
  data: SessionReportData,
  showPages: (pages: ReportPages) => Html[] = (pages) => pagePictures(pages),
): PageSection[] {
  const parts: Readonly<Record<SectionId, Part[]>> = {
    timeline: data.iterations.length > 0 ? [timeline(data)] : [],
    questions: data.questions.map(questionPart),
    plan: data.plan === undefined ? [] : [planPart(data.plan), requirementsPart(data)],
    checks: checksAndProof(data),
    pages: data.pages === undefined ? [] : showPages(data.pages),
    pictures: picturesPart(data),
    iterations: iterationsPart(data.iterations),
    documents: documentsPart(data),
    acts: data.acts.length > 0 ? [actsPart(data.acts)] : [],
  };
  return Object.keys(SECTIONS)
    .map((id) => ({ id: id as SectionId, parts: parts[id as SectionId] }))
    .filter((section) => section.parts.length > 0);
}

export function sectionBody({ id, parts }: PageSection): Html {
  return html`<div class="of-${id}">${parts}</div>`;
}

const TITLE_CHARS = 120;

/**
 * The first line of the task as its title, below its project and its name; the state in a sentence.
 * @param beside buttons in the first line
 */
export function sessionHead(
  { name, title, way, project, badge, sentence, says, task }: SessionHead,
  beside?: Part,
): Html {
  const isWhole = title === task.trim() && title.length <= TITLE_CHARS;
  return html`<header class="head tone-${badge.tone}"><div class="over"><span><bdi>${project}</bdi> / <bdi id="name">${name}</bdi>${wayText({ way })}</span>${beside}</div>
<h1 tabindex="-1" dir="auto">${cut(title, TITLE_CHARS)}</h1>
${sentence && html`<p class="sentence"><span class="tone">${badge.text}</span> ${sentence}</p>`}${!isWhole && task && html`<details class="asked"><summary>The whole task</summary><p class="plain" dir="auto">${task}</p></details>`}
${says && html`<blockquote class="says" dir="auto">${says}</blockquote>`}</header>
`;
}

/** How far the session is, and what else is known about it. */
export function sessionStrip(data: SessionHead): Html {
  const { branch, base, sandbox, workedOn, recurring, warning, iterationCount, spent, proved } = data;
  const from = base && html` from <code dir="ltr">${base}</code>`;
  return html`${warning && html`<p class="note">${warning}</p>`}
${phaseBar({ ...data, tone: data.badge.tone })}
${factList([
  ['Branch', branch && html`<code dir="ltr">${branch}</code>${from}`],
  ['Age', [elapsedTime(data), `, agents worked ${unbroken(duration(data.workedMs))}`]],
  ['Iterations', iterationCount],
  ['Spent', grouped(spent ?? 'not reported')],
  [
    'Proof',
    proved &&
      html`<b class="${proved.how === 'yes' ? 'good' : 'attention'}">${proved.how}</b>, ${proved.words}`,
  ],
  ['Sandbox', sandbox],
  ['Worked on', workedOn],
  ['Recurring', recurring && html`<bdi>${recurring}</bdi>`],
])}`;
}

/** The live page counts on while the session is not over. */
function elapsedTime({ startedAt, until, madeAt }: SessionHead): Part {
  const time = elapsed(startedAt, until);
  return until === madeAt ? html`<time data-since="${startedAt}">${time}</time>` : time;
}

interface PhaseBar extends Pick<SessionHead, 'phase' | 'way'> {
  tone: SessionHead['badge']['tone'];
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
  [RED_AFTER]: { tone: 'attention', words: RED_AFTER },
  [UNSTEADY]: { tone: 'attention', words: UNSTEADY },
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
