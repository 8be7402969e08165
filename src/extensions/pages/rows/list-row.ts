import type { NeedKind } from '../../../core/caller/facts/wanted.ts';
import { age } from '../../../core/kernel/durations.ts';
import { PHASE_NAMES, phasesOf, wayText } from '../../../core/kernel/phases/table.ts';
import { cut } from '../../../core/kernel/text.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { goneText, STOPS, stateText } from '../../../core/session/words/words.ts';
import { compact, countedTokens, money } from '../html/figures.ts';
import { type Html, html } from '../html/html.ts';
import { actionLabel, requestSummary } from './needs.ts';
import { type SessionRow, SIGNS } from './row.ts';

export function rowClass({ kind, group }: SessionRow): string {
  return `row is-${kind ?? group.replace(' ', '-')}`;
}

const TASK_CHARS = 160;

/**
 * Two lines: the task and how long it waits or works; what it wants or does, its project and its cost, and how far it is
 * if it wants nothing.
 * @param called its name, where other texts beside the list use it
 */
export async function rowLines(row: SessionRow, nowMs: number, called?: string): Promise<Html> {
  const { facts, name, project, session, group, kind } = row;
  const { task = '', recurring } = facts;
  const wants = kind && (await requestSummary(row));
  const { cost } = session.view.state;
  const spent = money(cost) ?? (countedTokens(cost) > 0 ? compact(countedTokens(cost)) : '–');
  const of = [called, facts.group && `group ${facts.group}`, recurring].filter(Boolean).join(' · ');
  return html`<i class="sign" aria-hidden="true">${kind ? KIND_SIGNS[kind] : SIGNS[group]}</i><b class="task" dir="auto">${cut(oneLine(task || name), TASK_CHARS)}</b><time data-since="${facts.since}"></time>
<span class="about"><em>${kind ? actionLabel({ kind, facts }) : doing(row, nowMs)}${wayText(facts)}</em>${wants && html` · <span dir="auto">${wants}</span>`} · <bdi>${project}</bdi>${of && html` · <bdi>${of}</bdi>`}</span>${kind === undefined && phaseDots(facts)}<span class="cost">${spent}</span>`;
}

/** What is needed has a sign, too. */
const KIND_SIGNS: Readonly<Record<NeedKind, string>> = {
  questions: '?',
  plan: '≡',
  stuck: '!',
  finished: SIGNS.done,
};

function doing({ facts, group }: SessionRow, nowMs: number): string {
  const gone = goneText(facts);
  if (gone !== undefined) return gone;
  if (group !== 'working')
    return stateText(facts, { when: (time) => `in ${age(Date.parse(time) - nowMs)}` }).brief;
  const phase = PHASE_NAMES.includes(facts.phase) ? facts.phase : 'work';
  const at = `in ${phase}, iteration ${facts.iteration}`;
  return [at, facts.stalled && 'seems stalled', facts.stops && STOPS[facts.stops]].filter(Boolean).join(', ');
}

/** How far it is, in eighths. */
function phaseDots({ phase, way, state, iteration }: SessionRow['facts']): Html {
  const phases = phasesOf(way, phase);
  const now = state === 'done' ? phases.length : iteration === 0 ? 0 : phases.indexOf(phase) + 1;
  const words = now === 0 ? 'not begun' : state === 'done' ? 'done' : `in ${phase}`;
  return html`<svg class="eighths" viewBox="0 0 8 1" preserveAspectRatio="none" role="img" aria-label="${words}"><rect width="${Math.round((8 * now) / phases.length)}" height="1"/></svg>`;
}
