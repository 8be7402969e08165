import { readPlanOf } from '../../../../core/acts/gates/read-plan.act.ts';
import { readQaOf } from '../../../../core/acts/gates/read-qa.act.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { pageKey } from '../../../../core/caller/facts/live-page.ts';
import type { SessionFacts } from '../../../../core/caller/facts/session-facts.ts';
import { isSamocodeError } from '../../../../core/kernel/errors.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import { capitalised, counted, cut } from '../../../../core/kernel/text.ts';
import { oneLine } from '../../../../core/session/documents/markdown-lines.ts';
import { parsePlan } from '../../../../core/session/documents/plan.ts';
import type { SessionView } from '../../../../core/session/folder/session-view.ts';
import { goneText, stateText } from '../../../../core/session/words/words.ts';
import { type Html, html } from '../../html/html.ts';
import type { WatchedRow } from '../../watch/watch-model.ts';
import type { LiveList, LiveSessions } from '../live.ts';

/** What a session wants of the person; `stuck`: anything that no gate asks for. */
export type ItemKind = 'questions' | 'plan' | 'stuck' | 'finished';

export interface InboxItem {
  key: string;
  kind: ItemKind;
  row: WatchedRow;
  session: ShownSession;
}

/** The sessions that need the person's decision, the longest wait first. */
export function inboxOf(list: LiveList, live: Pick<LiveSessions, 'keyOf'>): InboxItem[] {
  const items = list.rows.flatMap((row): InboxItem[] => {
    const kind = itemKind(row.facts);
    const key = live.keyOf(row.key);
    return kind === undefined ? [] : [{ key, kind, row, session: row.session }];
  });
  return items.sort((a, b) => (a.row.facts.since < b.row.facts.since ? -1 : 1));
}

/** The facts of a session, on the page or in the chat. */
type WantFacts = Omit<SessionFacts, 'next'>;

/** Undefined if the session needs no decision: it works, waits for something else, or its work was published. */
export function itemKind(facts: WantFacts): ItemKind | undefined {
  if (facts.needsHuman && facts.state === 'waiting' && facts.condition === undefined) {
    if (facts.for === 'qa_answers') return 'questions';
    if (facts.for === 'plan_approval') return 'plan';
  }
  if (facts.needsHuman) return 'stuck';
  const isPublished = facts.pullRequest !== undefined || facts.merge?.outcome === 'merged';
  return facts.state === 'done' && !isPublished ? 'finished' : undefined;
}

/** Identifies the state in which a decision was offered: one that comes after the state has changed is refused. */
export function stateIdOf({ state: { status }, paths }: Pick<SessionView, 'state' | 'paths'>): string {
  return fingerprint(`${paths.runDir} ${status.kind} ${status.since}`).slice(0, 12);
}

/** The hidden fields by which a form names its session and that state. */
export function identityFields({ view }: ShownSession): Html {
  return html`<input type="hidden" name="session" value="${pageKey(view.paths)}"><input type="hidden" name="state" value="${stateIdOf(view)}">`;
}

const MAX_CHARS = 200;
/** By view, which remains the same object until a file of the session changes. */
const wanted = new WeakMap<SessionView, Promise<string>>();

/** One line on what a session wants, quoting its agent; empty if its state says everything. */
export async function wantsOf(
  { view }: Pick<ShownSession, 'view'>,
  { facts }: { facts: WantFacts },
): Promise<string> {
  const known = wanted.get(view) ?? readWants(view, facts).then(plainLine);
  wanted.set(view, known);
  return await known;
}

/** Without the marks of Markdown, which a line in a list does not render. */
function plainLine(text: string): string {
  return cut(oneLine(text).replace(/[`*]/g, '').replace(/\s+/g, ' '), MAX_CHARS);
}

async function readWants(view: SessionView, facts: WantFacts): Promise<string> {
  try {
    switch (itemKind(facts)) {
      case 'questions': {
        const { questions } = await readQaOf(view);
        const [first, ...others] = questions.filter(({ isOpen }) => isOpen);
        return [first?.text, others.length > 0 && `(and ${counted(others.length, 'more question')})`]
          .filter(Boolean)
          .join(' ');
      }
      case 'plan': {
        const { text } = await readPlanOf(view);
        const title = /^# +(?:plan: *)?(.+)$/im.exec(text)?.[1] ?? '';
        return `${title} (${counted(parsePlan(text).phases.length, 'phase')})`;
      }
      default:
        return stateText(facts).why ?? '';
    }
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return error.why;
  }
}

/** The demand of a session in a few words of ours: `Answer 2 questions`. */
export function demandOf({ kind, facts }: { kind: ItemKind; facts: WatchedRow['facts'] }): string {
  switch (kind) {
    case 'questions':
      return `Answer ${counted(facts.openQuestions?.length ?? 1, 'question')}`;
    case 'plan':
      return 'Approve its plan';
    case 'stuck':
      return capitalised(goneText(facts) ?? stateText(facts).brief);
    case 'finished':
      return `Finished, proof ${facts.proofFacts?.how ?? 'no'}`;
    default:
      return kind satisfies never;
  }
}
