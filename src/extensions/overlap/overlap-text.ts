import { capitalised, counted, inWords } from '../../core/kernel/text.ts';

/** A session, and the number of files that it has changed. `phases`: those of the plan that name them. */
export interface Met {
  name: string;
  files: number;
  phases: readonly number[];
}

const MOST_NAMED = 3;

/** What the person can do about it. The worktree is there already, so nothing can begin elsewhere. */
const WAYS = { plan: 'Go on, or let the plan wait', quick: 'Let it go on, or stop it', ended: '' };

/** One sentence and the ways on, the most files first; none without a session. */
export function overlapText(about: keyof typeof WAYS, met: readonly Met[]): string[] {
  const sorted = met.toSorted((a, b) => b.files - a.files || (a.name < b.name ? -1 : 1));
  const [first, ...others] = sorted;
  if (first === undefined) return [];
  const named = sorted.slice(0, MOST_NAMED);
  const clauses = named.map(({ name, files, phases }, at) => {
    const who = about === 'plan' ? namingPhases(phases) : at === 0 ? 'it has changed ' : '';
    return `${who}${counted(files, 'file')} that ${name} has changed`;
  });
  const left = sorted.length - named.length;
  const rest = `${about === 'plan' ? 'the plan names ' : ''}files that ${counted(left, 'more session')} ${left === 1 ? 'has' : 'have'} changed`;
  const texts = [...clauses, ...(left > 0 ? [rest] : [])];
  // A comma also before the last one, since clauses have an "and" of their own.
  const text = [texts.slice(0, -1).join(', '), ...texts.slice(-1)].filter(Boolean).join(', and ');
  const until = others.length === 0 ? `${first.name} is` : 'they are';
  return [`${capitalised(text)}.${WAYS[about] && ` ${WAYS[about]} until ${until} merged.`}`];
}

function namingPhases(phases: readonly number[]): string {
  return phases.length === 1
    ? `phase ${phases[0]} names `
    : `phases ${inWords(phases.map(String), 'and')} name `;
}
