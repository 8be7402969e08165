import type { Phase, Way } from '../../../core/kernel/phases/table.ts';
import { cut } from '../../../core/kernel/text.ts';
import { type Html, html, type Part } from './html.ts';
import { phaseBar } from './session-page.ts';

/** A session's card on the board of the live page or of the chat. */
interface BoardCard {
  key: string;
  group: 'needs you' | 'working' | 'waiting' | 'done' | 'stopped';
  title: Html;
  /** What the session does or waits for, in a few words. */
  brief: string;
  /** The start of the state that `brief` describes. */
  since?: string;
  why?: string;
  task?: string;
  /** When the session was created. */
  created?: string;
  /** The first thing to do about it. */
  action?: { words: string; to: string };
  phase: Phase;
  way?: Exclude<Way, 'full'>;
  iterationCount?: number;
  isDone: boolean;
  notes?: Part;
  /** The texts that the board's filter searches. */
  find: readonly string[];
}

/** Each tone has a sign, because not everyone can tell the colours apart. */
const MARKS: Readonly<Record<BoardCard['group'], { tone: string; sign: string }>> = {
  'needs you': { tone: 'person', sign: '●' },
  working: { tone: 'working', sign: '◆' },
  waiting: { tone: 'resting', sign: '○' },
  done: { tone: 'done', sign: '✔' },
  stopped: { tone: 'resting', sign: '■' },
};

export function boardCard({ key, group, title, brief, since, why, ...card }: BoardCard): Html {
  const { phase, way, iterationCount, isDone, notes, find, task, created, action } = card;
  const { tone, sign } = MARKS[group];
  return html`<article class="card tone-${tone}" id="c-${key}" data-find="${find.join(' ').toLowerCase()}"><h3>${title}</h3>${task && html`<p class="task" dir="auto">${task}</p>`}
<p class="sentence"><b class="mark-${group.replace(' ', '-')}">${sign}</b> ${brief}${since && html` for <time data-since="${since}"></time>`}</p>
${why && html`<p class="says" dir="auto">${cut(why, 300)}</p>`}
${cachedPhaseBar({ phase, way, iterationCount, tone: isDone ? 'done' : 'working' })}
<p class="note">${created && !isDone && html`<time data-since="${created}"></time> old · `}${notes}</p>${action && html`<p class="buttons"><a class="button" href="${action.to}">${action.words}</a></p>`}</article>
`;
}

const bars = new Map<string, Html>();

function cachedPhaseBar(bar: Parameters<typeof phaseBar>[0]): Html {
  const id = `${bar.way} ${bar.phase} ${bar.tone} ${bar.iterationCount === 0}`;
  const made = bars.get(id) ?? phaseBar(bar);
  bars.set(id, made);
  return made;
}

interface PlanNotes {
  name?: string;
  warnings?: readonly string[];
  remarks?: readonly string[];
  servers?: readonly string[];
  /** Differences from the version that the person saw. */
  changes?: string;
}

/** Renders the notes for a person who decides on a plan. */
export function planNotes({ name, warnings = [], remarks = [], servers = [], changes }: PlanNotes): Html {
  return html`${name && html`<p class="note"><code>${name}</code></p>`}
${warnings.map((line) => html`<p class="attention">${line}</p>`)}${remarks.map((line) => html`<p>${line}</p>`)}
${servers.length > 0 && html`<p class="attention">An approval also accepts these MCP servers:</p><ul>${servers.map((line) => html`<li><code>${line}</code></li>`)}</ul>`}
${changes !== undefined && html`<details open><summary>What changed since the version you saw</summary><pre dir="ltr" tabindex="0">${changes}</pre></details>`}`;
}
