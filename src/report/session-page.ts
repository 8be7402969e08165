import { counted } from '../base/plain-words.ts';
import { charts } from './charts.ts';
import { checksPart, picturesPart, proofPart } from './checks-part.ts';
import { planPart, questionsPart, requirementsPart } from './decisions.ts';
import { moment } from './figures.ts';
import { cardHead } from './head.ts';
import { type Html, html, type Part } from './html.ts';
import { iterationsPart } from './iterations.ts';
import { markdown } from './markdown-html.ts';
import type { ReportDocument, SessionReportData, TranscriptPiece } from './report-data.ts';
import { timeScale } from './time-scale.ts';
import { timeline } from './timeline.ts';
import { transcriptBody } from './transcript-part.ts';
import { wholePage } from './whole-page.ts';

/** The page of one session, complete in itself. */
export function sessionPage(data: SessionReportData): string {
  const { name, questions, plan, iterations, documents, pictures } = data;
  const scale = timeScale(data.startedAt, data.until, data.gaps);
  const sections: Section[] = [
    ['timeline', 'Timeline', iterations.length > 0 && [timeline(data, scale), charts(data, scale)]],
    ['questions', 'Questions and answers', questions.length > 0 && questionsPart(questions)],
    ['plan', 'Plan', plan && [planPart(plan), requirementsPart(data)]],
    ['checks', 'Checks and proof', checksAndProof(data)],
    ['pictures', 'Pictures', pictures.length > 0 && picturesPart(pictures)],
    ['iterations', 'Iterations', iterations.length > 0 && iterationsPart(iterations)],
    ['documents', 'Documents', documents.length > 0 && documents.map(documentPart)],
    ['acts', 'Log', data.acts.length > 0 && actsPart(data.acts)],
  ];
  const there = sections.filter(([, , part]) => part !== undefined && part !== false);
  const nav = there.map(([id, title]) => html`<a href="#${id}">${title}</a> `);
  const body = html`${cardHead(data)}
<details class="asked"><summary>Task</summary><p class="plain" dir="auto">${data.task}</p></details>
<nav>${nav}</nav>
${there.map(
  ([id, title, part]) => html`<section id="${id}"><h2>${title}</h2>
${part}</section>
`,
)}`;
  return wholePage({ title: `${name} · samocode`, body, madeAt: data.madeAt, version: data.version });
}

type Section = [id: string, title: string, part: Part];

function checksAndProof(data: SessionReportData): Part {
  const { checks, proof, outsidePlan } = data;
  if (checks.length === 0 && proof === undefined && outsidePlan.length === 0) return undefined;
  return [checksPart(checks), proofPart(data)];
}

function documentPart({ name, kind, text, isCut }: ReportDocument): Html {
  return html`<details class="doc"><summary><b>${kind}</b> <code>${name}</code></summary>${markdown(text)}${isCut && html`<p class="note">It is cut here. The whole: <code>samocode show</code>.</p>`}</details>
`;
}

function actsPart(acts: SessionReportData['acts']): Html {
  return html`<details><summary>${counted(acts.length, 'line')}</summary><ol class="acts">${acts.map(
    ({ at, text }) => html`<li>${moment(at)} <span dir="auto">${text}</span></li>
`,
  )}</ol></details>`;
}

/** A transcript that is too long for the page. */
export interface TranscriptPageData {
  name: string;
  iteration: number;
  phase: string;
  madeAt: string;
  version: string;
  entries: TranscriptPiece[];
  /** Back to the page, relative. */
  page: string;
  /** The rest is only in the raw log, at this path. */
  restIn?: string;
}

export function pageOfTranscript({
  name,
  iteration,
  phase,
  page,
  entries,
  restIn,
  ...made
}: TranscriptPageData): string {
  const title = `${name}, iteration ${iteration}`;
  const body = html`<header class="head"><p class="over"><a href="${page}#i${iteration}">${name}</a></p><h1>Iteration ${iteration}, ${phase}</h1></header>
${transcriptBody(entries)}
${restIn !== undefined && html`<p class="note">The rest is in <code dir="ltr">${restIn}</code>.</p>`}`;
  return wholePage({ title: `${title} · samocode`, body, ...made });
}
