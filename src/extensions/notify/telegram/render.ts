import { PLAN_BUTTONS } from '../../../core/acts/gates/plan-question.ts';
import { questionHash } from '../../../core/session/documents/qa.ts';
import type { QaQuestion } from '../../../core/session/documents/qa-blocks.ts';
import { kindRow } from '../notice/kinds.ts';
import { type Notification, type Offer, shownTitle } from '../notice/notification.ts';
import { bold, type MessageLine, safeLines, shortened, splitAtLineEnds } from './message-text.ts';
import type { AskedAbout, Button } from './sent-messages.ts';

export interface Draft {
  lines: readonly MessageLine[];
  about?: AskedAbout;
  buttons?: Button[][];
  /** Sent with the lines as its caption. */
  document?: { path: string; name: string };
  /** Asks for a written reply; this is the placeholder of the input field. */
  asksFor?: string;
}

/** Roughly the number of characters that a phone shows on a full-width button. */
const BUTTON_WIDTH = 44;

const OFFERED: Readonly<Record<Offer, Button>> = {
  resume: { text: 'Resume', choice: 'resume' },
  stop: { text: 'Stop', choice: 'stop' },
};

export function sessionButtons(offers: readonly Offer[] = []): Button[] {
  return [{ text: 'Status', choice: 'status' }, ...offers.map((offer) => OFFERED[offer])];
}

/**
 * The messages of one notification. Each question gets its own message, with its buttons and replies; a single
 * question comes with the title.
 */
export function draftsOf(notification: Notification): Draft[] {
  const { kind, body, questions = [], plan, offers } = notification;
  const head = [titleOf(notification)];
  if (plan !== undefined) return planDrafts([...head, ...safeLines(plan.summary)], plan);
  const [only] = questions;
  if (only !== undefined && questions.length === 1) return questionDrafts(only, [...head, ...safeLines('')]);
  if (questions.length > 0) {
    const all = allSuggestions(questions);
    return [...splitDraft(head, all), ...questions.flatMap((question) => questionDrafts(question, []))];
  }
  const lines = body.trim() === '' ? head : [...head, ...safeLines(body)];
  if (!kindRow(kind).hasButtons) return splitDraft(lines);
  return splitDraft(lines, { about: { kind: 'session' }, buttons: [sessionButtons(offers)] });
}

/** The drafts, each with what stays the same when they are composed again: what they ask about, and how far before it. */
export function messageParts(drafts: readonly Draft[]): [part: string, draft: Draft][] {
  return drafts.map((draft, at) => {
    const asks = drafts.findIndex(({ about }, later) => later >= at && about !== undefined);
    return [`${JSON.stringify(drafts[asks]?.about)} ${asks - at}`, draft];
  });
}

function titleOf(notification: Notification): MessageLine {
  return bold(shownTitle(notification));
}

/** Splits lines into drafts; the last one gets the buttons. */
function splitDraft(lines: readonly MessageLine[], last: Omit<Draft, 'lines'> = {}): Draft[] {
  const parts = splitAtLineEnds(lines).map((part): Draft => ({ lines: part }));
  const end = parts.pop();
  return end === undefined ? [] : [...parts, { ...end, ...last }];
}

/** The question is whole before its buttons, which the last message has. */
function questionDrafts(question: QaQuestion, head: readonly MessageLine[]): Draft[] {
  const { id, options, suggestion } = question;
  const text = question.text.length > MAX_TEXT ? `${question.text.slice(0, MAX_TEXT)}${CUT}` : question.text;
  const suggested = suggestion?.letters.join(', ') ?? '';
  const [first = { text: '' }, ...more] = safeLines(text);
  const lines: MessageLine[] = [
    ...head,
    { text: `${id}: ${first.text}`, isBold: true },
    ...more,
    ...options.flatMap((option) => safeLines(`${option.letter}) ${option.text}`)),
  ];
  if (suggested !== '')
    lines.push(
      ...safeLines(`★ Suggested: ${suggested}${suggestion?.reason ? ` – ${suggestion.reason}` : ''}`),
    );
  lines.push({ text: options.length > 0 ? REPLY_ALSO : REPLY });
  const rows = options.map(({ letter, text: words }) => [
    button(`${letter === suggested ? '★ ' : ''}${letter}) ${words}`, letter),
  ]);
  if (suggestion !== undefined && suggestion.letters.length > 1)
    rows.unshift([button(`★ ${suggested}`, suggested)]);
  return splitDraft(lines, { about: { kind: 'question', id, hash: questionHash(question) }, buttons: rows });
}

/** Five messages; a question that is longer is read elsewhere. */
const MAX_TEXT = 20_000;
const CUT = '…\n(cut here: samocode answer shows the whole question)';
const REPLY = 'Reply to this message with your answer.';
const REPLY_ALSO = 'Or reply with other letters, or in your own words.';

function allSuggestions(questions: readonly QaQuestion[]): Omit<Draft, 'lines'> {
  const answers = questions.flatMap((question) => {
    const text = question.suggestion?.letters.join(', ');
    return text ? [{ id: question.id, hash: questionHash(question), text }] : [];
  });
  if (answers.length < 2) return {};
  const label = answers.length === questions.length ? 'Accept all suggestions' : 'Accept the suggestions';
  const ids = answers.map(({ id, text }) => `${id} ${text}`).join('; ');
  return { about: { kind: 'suggestions', answers }, buttons: [[button(`★ ${label}: ${ids}`, 'all')]] };
}

function planDrafts(lines: readonly MessageLine[], plan: NonNullable<Notification['plan']>): Draft[] {
  const { name, path, hash } = plan;
  const below = safeLines(`${name}, version ${hash.slice(0, 8)}`);
  const buttons = [PLAN_BUTTONS.map(({ text, choice }) => button(text, choice))];
  return [
    ...splitDraft(lines),
    { lines: below, about: { kind: 'plan', hash }, buttons, document: { path, name } },
  ];
}

function button(text: string, choice: string): Button {
  return { text: shortened(text, BUTTON_WIDTH), choice };
}
